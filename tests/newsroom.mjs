// A newsroom for tests, made of @mos-connection/connector, which others wrote. Commands come as lines of JSON
// {"do": method of the connector's MosDevice, "with": [arguments]}; each is answered by a line {"answer"} or {"error"}.
// What it is told by itself is a line of its own: {"connected": [whether it is, …]}, {"status": {…}}.
//
//   node newsroom.mjs '{"mos": id of the device, "main": {"id", "ports"}, "ports"?: where we listen}'
import { createInterface } from "node:readline";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const { MosConnection, getMosTypes } = require("@mos-connection/connector");

const given = JSON.parse(process.argv[2]);
const say = (told) => process.stdout.write(JSON.stringify(told) + "\n");
const server = ({ id, ports }) => ({ id, host: "127.0.0.1", ports, timeout: 5000, heartbeatInterval: 5000 });

// The connector has a type of its own for strings, and wants it nearly everywhere.
const types = getMosTypes(true);
const PLAIN = new Set(["MOSID", "MosSchema", "MosScope", "MosPayload", "Status"]);
const typed = (value, name) => {
  if (PLAIN.has(name)) return value;
  if (typeof value === "string") return types.mosString128.create(value);
  if (Array.isArray(value)) return value.map((one) => typed(one, name));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, typed(one, key)]));
};

const newsroom = new MosConnection({
  mosID: given.mos,
  acceptsConnections: Boolean(given.ports),
  ports: given.ports,
  profiles: { 0: true, 1: true, 2: true, 4: true },
  strict: true,
});
console.error = () => {}; // it wants a callback for whatever a newsroom is never asked
newsroom.on("error", (error) => say({ trouble: String(error) }));
newsroom.on("warning", (sentence) => say({ warning: String(sentence) }));
newsroom.onConnection((device) => {
  device.onRequestMachineInfo(async () => ({}));
  device.onMOSObjects(async () => ({}));
  device.onRequestMOSObject(async () => null);
  device.onRequestAllMOSObjects(async () => []);
  const ack = (status) => ({ ID: status.RunningOrderId || status.ID, Status: "OK", Stories: [] });
  device.onItemStatus(async (status) => {
    const [order, story, item] = [status.RunningOrderId, status.StoryId, status.ID].map(types.mosString128.stringify);
    say({ status: { order, story, item, status: status.Status } });
    return ack(status);
  });
});
await newsroom.init();
const device = await newsroom.connect({ primary: server(given.main) });
await new Promise((connected) => {
  device.onConnectionChange((now) => {
    say({ connected: [now.PrimaryConnected, now.SecondaryConnected] });
    if (now.PrimaryConnected) connected();
  });
});

for await (const line of createInterface({ input: process.stdin })) {
  const { do: method, with: args } = JSON.parse(line);
  try {
    say({ answer: await device[method](...args.map((one) => typed(one))) });
  } catch (error) {
    say({ error: String(error) });
  }
}
process.exit(0);
