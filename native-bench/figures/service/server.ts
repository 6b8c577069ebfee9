import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RunningPool } from '../../contenders/contender.ts';

/** What the cheap route answers, each time built anew. */
const STATUS = { status: 'ok', version: 7, regions: ['north', 'south'] };

export const CHEAP_BODY: string = JSON.stringify(STATUS);

export function heavyBody(value: unknown): string {
  return JSON.stringify({ value });
}

export interface Service {
  readonly url: string;
  /** Resolves when no request is being answered any more. */
  readonly drained: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** A service with one route that costs nothing and one whose work, `crunch(rounds)`, goes to the pool. */
export async function serve(pool: RunningPool, rounds: number): Promise<Service> {
  // Here, so that the processes in which other figures are measured do not load it.
  const { createServer } = await import('node:http');
  let running = 0;
  let whenDrained = (): void => {};
  const heavy = async (response: ServerResponse): Promise<void> => {
    running++;
    try {
      send(response, 200, heavyBody(await pool.run('crunch', [rounds])));
    } catch (error) {
      send(response, 500, String(error));
    } finally {
      running--;
      if (running === 0) whenDrained();
    }
  };
  const server = createServer((request, response) => {
    if (request.url === '/cheap') send(response, 200, JSON.stringify(STATUS));
    else if (request.url === '/heavy') void heavy(response);
    else send(response, 404, 'no such route');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    drained: () =>
      new Promise((resolve) => {
        whenDrained = resolve;
        if (running === 0) resolve();
      }),
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function send(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}
