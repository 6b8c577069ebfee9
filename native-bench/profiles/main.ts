/**
 * The process a profile runs in. Its orders come as the first message; the observations, or why there are none, are its
 * only answer.
 *
 * @module
 */
import { conduct, type Observations, type Orders } from './conduct.ts';
import { profileNamed } from './index.ts';

export type ProfileRequest = Orders & { readonly profile: string };

export type ProfileReply =
  | { readonly kind: 'observed'; readonly observations: Observations }
  | { readonly kind: 'failed'; readonly reason: string };

const stop = new AbortController();
process.on('SIGINT', () => stop.abort());
process.on('SIGTERM', () => stop.abort());

process.once('message', (request: ProfileRequest) => {
  run(request).then(
    (observations) => answer({ kind: 'observed', observations }),
    (error: unknown) =>
      answer({
        kind: 'failed',
        reason: error instanceof Error ? (error.stack ?? error.message) : String(error),
      }),
  );
});
process.on('disconnect', () => process.exit(1));

async function run({ profile: name, ...orders }: ProfileRequest): Promise<Observations> {
  const profile = profileNamed(name);
  if (profile === undefined) throw new Error(`No profile ${name}`);
  return await conduct(profile, orders, stop.signal);
}

function answer(reply: ProfileReply): void {
  process.send?.(reply, () => process.exit(0));
}
