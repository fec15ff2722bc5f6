import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { DuijieError } from "../../contracts/errors.ts";

export interface HttpAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

export type HttpRoutes = Readonly<Record<string, () => Promise<HttpAnswer>>>;

export interface ListeningServer {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Serves GET requests of a fixed list of paths. Nothing of a request is used but its path, and no answer holds up the work. */
export async function serveHttp(listen: string, routes: HttpRoutes): Promise<ListeningServer> {
  const { host, port } = addressOf(listen);
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 5000 }, (request, response) => {
    void answer(routes, request, response);
  });
  server.maxConnections = 32;
  await listening(server, host, port);
  // A process ends when its work has, whoever is still connected.
  server.unref();
  const address = server.address();
  const bound = typeof address === "object" && address !== null ? address.port : port;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${bound}`,
    port: bound,
    close: async () => await closed(server),
  };
}

/** `host:port`, an IPv6 address in brackets. */
export function addressOf(listen: string): { host: string; port: number } {
  const [, v6, name, port] = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(listen) ?? [];
  const host = v6 ?? name;
  if (host === undefined || Number(port) > 65535)
    throw new DuijieError("CONFIG_INVALID", { setting: "metrics.listen" });
  return { host, port: Number(port) };
}

async function listening(server: Server, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

async function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}

async function answer(routes: HttpRoutes, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = (request.url ?? "").split("?")[0] ?? "";
  const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
  const { status, type, body } = await answerOf(route, request.method ?? "");
  response.writeHead(status, {
    "content-type": type,
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  });
  response.end(request.method === "HEAD" ? "" : body);
}

async function answerOf(route: (() => Promise<HttpAnswer>) | undefined, method: string): Promise<HttpAnswer> {
  const plain = (status: number, body: string) => ({ status, type: "text/plain; charset=utf-8", body });
  if (route === undefined) return plain(404, "not found\n");
  if (method !== "GET" && method !== "HEAD") return plain(405, "GET only\n");
  try {
    return await route();
  } catch {
    return plain(500, "failed\n");
  }
}
