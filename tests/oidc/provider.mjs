// A real OpenID provider: everybody can sign in under any name, and has an address in acme.test.
//
//   node provider.mjs PORT CALLBACK SECRET
//
// Each start has keys of its own, so that a restart is a rotation.
import { generateKeyPairSync } from 'node:crypto';
import { Provider } from 'oidc-provider';

const [port, callback, secret] = process.argv.slice(2);
const key = (alg) => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), alg, use: 'sig', kid: `${process.pid}-${Date.now()}` };
};
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{ client_id: 'muster', client_secret: secret, redirect_uris: [callback], grant_types: ['authorization_code'], response_types: ['code'] }],
  claims: { openid: ['sub'], email: ['email', 'email_verified'] },
  // The address stands in the identity token, as Entra ID and others do it.
  conformIdTokenClaims: false,
  cookies: { keys: ['only for tests'] },
  features: { devInteractions: { enabled: true } },
  jwks: { keys: [key('RS256')] },
  pkce: { required: () => true },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, email: `${id}@acme.test`, email_verified: true }) }),
});
provider.listen(Number(port), '127.0.0.1', () => console.log('listening'));
