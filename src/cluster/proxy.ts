/**
 * The proxy that the environment asks for, by the rules of Go and so of kubectl: `HTTPS_PROXY` and `HTTP_PROXY`
 * (or in lower case), never for this machine, never for what `NO_PROXY` lists.
 */
export function environmentProxy(server: string, environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const { protocol, hostname, port } = new URL(server);
  const read = (name: string): string | undefined => environment[name] || environment[name.toLowerCase()] || undefined;
  const proxy = protocol === 'https:' ? read('HTTPS_PROXY') : read('HTTP_PROXY');
  if (!proxy || hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.')) return undefined;
  const exempt = (read('NO_PROXY') ?? '')
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .filter(Boolean);
  if (exempt.some((entry) => covers(entry, hostname, port || '443'))) return undefined;
  return proxy.includes('://') ? proxy : `http://${proxy}`;
}

function covers(entry: string, hostname: string, port: string): boolean {
  if (entry === '*') return true;
  const [host = '', wantedPort] = entry.split(':');
  if (wantedPort && wantedPort !== port) return false;
  if (host.includes('/')) return inNetwork(host, hostname);
  if (host.startsWith('.')) return hostname.endsWith(host);
  return hostname === host || hostname.endsWith(`.${host.replace(/^\*\./, '')}`);
}

function inNetwork(network: string, hostname: string): boolean {
  const [base = '', bits = '32'] = network.split('/');
  const [wanted, actual] = [toNumber(base), toNumber(hostname)];
  if (wanted === undefined || actual === undefined) return false;
  const size = 2 ** (32 - Number(bits));
  return Math.floor(wanted / size) === Math.floor(actual / size);
}

function toNumber(address: string): number | undefined {
  const parts = address.split('.').map(Number);
  if (parts.length !== 4 || parts.some((part) => !Number.isInteger(part) || part < 0 || part > 255)) return undefined;
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}
