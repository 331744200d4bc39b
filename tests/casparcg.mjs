// A client of others against the server on the port that is given: what it was answered, as JSON.
import { BasicCasparCGAPI, Commands } from "casparcg-connection";

const client = new BasicCasparCGAPI({ host: "127.0.0.1", port: Number(process.argv[2]), autoConnect: true });
await new Promise((resolve) => client.once("connect", resolve));

async function code(command, params) {
  const { error, request } = await client.executeCommand({ command, params });
  if (error) throw error;
  return (await request).responseCode;
}

const at = { channel: 1, layer: 20, cgLayer: 1 };
const told = {
  version: await code(Commands.Version, {}),
  missing: await code(Commands.CgUpdate, { ...at, data: { f0: "x" } }),
  unknown: await code(Commands.CgAdd, { ...at, template: "no/such", playOnLoad: true }),
  add: await code(Commands.CgAdd, { ...at, template: "ticker/ticker", playOnLoad: true, data: { f0: "one" } }),
  update: await code(Commands.CgUpdate, { ...at, data: { f0: "two" } }),
  stop: await code(Commands.CgStop, at),
};
client.disconnect();
process.stdout.write(JSON.stringify(told), () => process.exit(0));
