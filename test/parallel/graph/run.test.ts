import { getEventListeners } from 'node:events';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GraphNodeError } from '../../../src/errors.ts';
import { build, type Event, Failure, heaviest, type Plan, plans, sequentially } from './random-graph.ts';

/** Each node starts once at most, after all it depends on has ended well, the most urgent of those that can first. */
function checkOrder(plan: Plan, events: readonly Event[]): void {
  const length = heaviest(plan);
  const expected = sequentially(plan);
  const started = new Set<number>();
  const ended = new Set<number>();
  const ready = (i: number): boolean =>
    !started.has(i) && plan[i]!.needs.every(({ on }) => ended.has(on) && 'value' in expected[on]!);
  const before = (i: number, j: number): number =>
    Number(plan[j]!.priority === 'critical') - Number(plan[i]!.priority === 'critical') ||
    length[j]! - length[i]! ||
    i - j;
  for (const { what, node } of events) {
    if (what === 'ended') ended.add(node);
    else {
      const [first] = plan
        .map((_, i) => i)
        .filter(ready)
        .sort(before);
      expect(node).toBe(first);
      started.add(node);
    }
  }
  expect(ended).toEqual(started);
  expect(events).toHaveLength(2 * started.size);
}

const workers = fc.integer({ min: 1, max: 3 });

describe('a random graph', () => {
  it('gives what running it one node after the other gives, the most urgent first', async () => {
    await fc.assert(
      fc.asyncProperty(plans({ failures: false }), workers, async (plan, workers) => {
        const { graph, nodes, pool, events } = build(plan, workers);
        const concurrency = 2 * workers;
        const results = await pool.drive(graph.run({ keep: 'all', concurrency }));
        checkOrder(plan, events);
        expect(nodes.map((node) => results.get(node))).toEqual(
          sequentially(plan).map((one) => ('value' in one ? one.value : one.outcome)),
        );
        expect(events).toHaveLength(2 * plan.length);
        expect(pool.most).toBeLessThanOrEqual(concurrency);
      }),
      { numRuns: 150 },
    );
  });

  it('keeps the results no node takes, or those asked for, and no others', async () => {
    const picks = fc.array(fc.nat(1000), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(plans({ failures: false }), fc.option(picks), async (plan, picks) => {
        const { graph, nodes, pool } = build(plan);
        const taken = new Set(
          plan.flatMap(({ needs }) =>
            needs.filter(({ as }) => as === 'argument' || as === 'element').map(({ on }) => on),
          ),
        );
        const asked = picks?.map((pick) => pick % plan.length);
        const keep = asked === undefined ? {} : { keep: asked.map((i) => nodes[i]!) };
        const results = await pool.drive(graph.run(keep));
        for (const [i, expected] of sequentially(plan).entries()) {
          const kept = asked === undefined ? !taken.has(i) : asked.includes(i);
          if (kept) expect(results.get(nodes[i]!)).toBe((expected as { readonly value: unknown }).value);
          else expect(() => results.get(nodes[i]!)).toThrow(/was not kept/);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('goes around failures with `continue`', async () => {
    await fc.assert(
      fc.asyncProperty(plans({ failures: true }), workers, async (plan, workers) => {
        const { graph, nodes, pool, events } = build(plan, workers);
        const results = await pool.drive(graph.run({ onError: 'continue', keep: 'all' }));
        checkOrder(plan, events);
        const expected = sequentially(plan);
        expect(nodes.map((node) => results.outcome(node))).toEqual(expected.map(({ outcome }) => outcome));
        for (const [i, one] of expected.entries()) {
          const get = (): unknown => results.get(nodes[i]!);
          if ('value' in one) expect(get()).toBe(one.value);
          else if (one.outcome === 'failed') {
            expect(get).toThrow(expect.objectContaining({ node: nodes[i]!.name, cause: new Failure(i) }));
          } else {
            expect(get).toThrow(
              expect.objectContaining({ code: 'ERR_GRAPH_SKIPPED', cause: expect.any(GraphNodeError) }),
            );
          }
        }
        const failed = events.filter(
          ({ what, node }) => what === 'ended' && expected[node]!.outcome === 'failed',
        );
        expect(results.failures.map(({ node }) => node)).toEqual(failed.map(({ node }) => nodes[node]!.name));
      }),
      { numRuns: 150 },
    );
  });

  it('starts nothing after the first failure with `stop`, and ends when what runs has ended', async () => {
    await fc.assert(
      fc.asyncProperty(plans({ failures: true }), workers, async (plan, workers) => {
        const { graph, nodes, pool, events } = build(plan, workers);
        const expected = sequentially(plan);
        const outcome = await pool.drive(graph.run({ keep: 'all' })).catch((error: unknown) => error);
        const ends = events.filter(({ what }) => what === 'ended').map(({ node }) => node);
        const failed = ends.filter((node) => expected[node]!.outcome === 'failed');
        expect(pool.outstanding).toEqual([]);
        checkOrder(plan, events);
        if (failed.length === 0) {
          expect(nodes.map((node) => (outcome as Awaited<ReturnType<typeof graph.run>>).get(node))).toEqual(
            expected.map((one) => ('value' in one ? one.value : one.outcome)),
          );
          return;
        }
        const [first, ...others] = failed.map((node) => nodes[node]!.name);
        const error = outcome as GraphNodeError;
        expect(error).toBeInstanceOf(GraphNodeError);
        expect(error).toMatchObject({ code: 'ERR_GRAPH_NODE', node: first, cause: new Failure(failed[0]!) });
        expect(error.also.map(({ node }) => node)).toEqual(others);
        const end = events.findIndex(({ what, node }) => what === 'ended' && node === failed[0]);
        expect(events.slice(end).filter(({ what }) => what === 'started')).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  it('can be aborted at every step, also with failures, and leaves nothing running', async () => {
    const policies = fc.constantFrom('stop', 'cancel', 'continue');
    const cases = [plans({ failures: true }), fc.nat(12), policies] as const;
    await fc.assert(
      fc.asyncProperty(...cases, async (plan, at, onError) => {
        const { graph, pool, events } = build(plan);
        const controller = new AbortController();
        const reason = new Error('enough');
        let aborted = -1;
        const run = graph.run({ signal: controller.signal, onError });
        const outcome = await pool
          .drive(run, (step) => {
            if (step !== at) return;
            aborted = events.length;
            controller.abort(reason);
          })
          .catch((error: unknown) => error);
        // What was cancelled has no end; nothing else is left behind.
        expect(pool.outstanding).toEqual([]);
        expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
        if (aborted === -1) return;
        expect(events.slice(aborted).filter(({ what }) => what === 'started')).toEqual([]);
        // What came first is why the run ended.
        const expected = sequentially(plan);
        const failedFirst = events
          .slice(0, aborted)
          .some(({ what, node }) => what === 'ended' && expected[node]!.outcome === 'failed');
        if (failedFirst && onError !== 'continue') expect(outcome).toBeInstanceOf(GraphNodeError);
        else expect(outcome).toBe(reason);
      }),
      { numRuns: 200 },
    );
  });

  it('can be run again, and twice at the same time', async () => {
    await fc.assert(
      fc.asyncProperty(plans({ failures: false }), async (plan) => {
        const { graph, nodes, pool } = build(plan);
        const expected = sequentially(plan).map((one) => ('value' in one ? one.value : one.outcome));
        const runs = Promise.all([graph.run({ keep: 'all' }), graph.run({ keep: 'all' })]);
        const both = await pool.drive(runs);
        const third = await pool.drive(graph.run({ keep: 'all', weights: 'measured' }));
        for (const results of [...both, third]) {
          expect(nodes.map((node) => results.get(node))).toEqual(expected);
        }
      }),
      { numRuns: 40 },
    );
  });
});
