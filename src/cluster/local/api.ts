import { Agent, request } from 'node:https';

/** How to reach the API server of a control plane. */
export interface ApiConnection {
  readonly server: string;
  readonly token: string;
  readonly ca: string;
}

export interface ApiRequest {
  readonly method?: 'GET' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  /** @default 10000, because a machine under load answers late */
  readonly timeoutMs?: number;
}

export interface ApiResponse {
  readonly status: number;
  readonly text: string;
}

/** The few requests that starting a control plane takes, over one pool of connections. */
export interface ApiClient {
  send(request: ApiRequest): Promise<ApiResponse>;
  close(): void;
}

export function connectApi(connection: ApiConnection): ApiClient {
  const agent = new Agent({ keepAlive: true, ca: connection.ca, maxSockets: 8 });
  const send = async (call: ApiRequest): Promise<ApiResponse> =>
    new Promise((resolve, reject) => {
      const body = call.body === undefined ? undefined : JSON.stringify(call.body);
      const headers = {
        authorization: `Bearer ${connection.token}`,
        // JSON is YAML, too.
        ...(body && { 'content-type': 'application/apply-patch+yaml' }),
      };
      const options = { agent, method: call.method ?? 'GET', headers, timeout: call.timeoutMs ?? 10_000 };
      const outgoing = request(`${connection.server}${call.path}`, options, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text })).on('error', reject);
      });
      outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer in ${options.timeout} ms`)));
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  return { send, close: () => agent.destroy() };
}
