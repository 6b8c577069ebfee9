/**
 * The load on a service, in a process of its own: both routes at once, by autocannon. One request of `load.ts` comes in,
 * one report goes out.
 *
 * The cheap route gets requests at a steady rate, whatever the answers take: many connections, each with one request a
 * second. They are started in groups, one after the other within a second, because autocannon sends what a connection
 * may send in a second back to back at its beginning. The heavy route gets a closed loop: each connection sends its next
 * request when it has its answer.
 *
 * The heavy load begins when all connections to the cheap route have had an answer: a server accepts one connection in a
 * turn of its event loop, and what is measured is answers, not that.
 *
 * The latency of each answer is autocannon's; its histogram has whole milliseconds only, so the quantiles are not taken
 * from that.
 */
import autocannon from 'autocannon';

const LONG_S = 3600;
const TICK_MS = 1000;
const PROBLEMS_KEPT = 5;

function load({ url, cheapBody, heavyBody, groups, connections, heavyConnections, settleMs, windowMs }) {
  const problems = [];
  const connected = new Set();
  const cheap = [];
  let heavy = 0;
  /** `connecting`, `loading` until the first heavy answer, `settling`, `measuring`, `over`. */
  let phase = 'connecting';
  let from = 0;

  const finish = () => {
    if (phase === 'over') return;
    phase = 'over';
    const report = { cheap, heavy, windowMs: performance.now() - from, problems };
    process.send(report, () => process.exit(0));
  };
  const finishWhenDue = () => {
    const passed = performance.now() - from;
    if (phase === 'measuring' && passed >= windowMs && cheap.length > 0 && heavy > 0) finish();
  };
  const problem = (text) => {
    if (problems.length < PROBLEMS_KEPT) problems.push(text);
    setImmediate(finish);
  };
  const start = (route, expectBody, options, onAnswer) => {
    const instance = autocannon({
      url: `${url}${route}`,
      expectBody,
      duration: LONG_S,
      sampleInt: TICK_MS,
      ...options,
    });
    instance.on('response', (client, status, _bytes, latency) => {
      if (status !== 200) problem(`${route} answered with status ${status}`);
      onAnswer(client, latency);
      finishWhenDue();
    });
    instance.on('reqError', (error) => problem(`${route}: ${error.message}`));
    instance.on('reqMismatch', (body) => problem(`${route} answered ${String(body).slice(0, 200)}`));
  };
  const measure = () => {
    phase = 'measuring';
    from = performance.now();
    setTimeout(finishWhenDue, Math.ceil(windowMs));
  };
  const startHeavy = () => {
    phase = 'loading';
    start('/heavy', heavyBody, { connections: heavyConnections }, () => {
      if (phase === 'measuring') heavy++;
      if (phase !== 'loading') return;
      phase = 'settling';
      setTimeout(measure, settleMs);
    });
  };
  const startGroup = () => {
    const options = { connections, connectionRate: 1, ignoreCoordinatedOmission: true };
    start('/cheap', cheapBody, options, (client, latency) => {
      if (phase === 'measuring') cheap.push(latency);
      if (phase !== 'connecting') return;
      connected.add(client);
      if (connected.size === groups * connections) startHeavy();
    });
  };
  for (let group = 0; group < groups; group++) setTimeout(startGroup, (group * TICK_MS) / groups);
}

process.once('message', load);
process.on('disconnect', () => process.exit(0));
