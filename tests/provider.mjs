// An OpenID provider that people sign in with: node provider.mjs PORT CLIENT_ID CLIENT_SECRET BACK…
// Whoever signs in as `NAME.GROUP` is NAME and in that group. Says "ready" once it listens.
import { Provider } from 'oidc-provider';

const [port, client_id, client_secret, ...redirect_uris] = process.argv.slice(2);

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{ client_id, client_secret, redirect_uris, application_type: 'web' }],
  cookies: { keys: ['only for tests'] },
  claims: { openid: ['sub'], profile: ['name', 'preferred_username', 'groups'] },
  pkce: { required: () => true },
  findAccount: (_, accountId) => {
    const [name, ...groups] = accountId.split('.');
    return { accountId, claims: () => ({ sub: accountId, preferred_username: name, name: `${name} of the newsroom`, groups }) };
  },
});

provider.listen(Number(port), '127.0.0.1', () => console.log('ready'));
