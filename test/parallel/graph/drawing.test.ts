import { describe, expect, it } from 'vitest';
import { Graph } from '../../../src/parallel/graph/graph.ts';
import { FakePool } from './fake-pool.ts';

function drawn() {
  const pool = new FakePool(2, (name) => ({
    ms: name === 'parse' ? 5 : 20,
    result: () => {
      if (name === 'fail') throw new Error('no');
      return name;
    },
  }));
  const graph = new Graph(pool, pool.clock);
  const load = graph.node('load', ['a']);
  const parse = graph.node('parse', [load, [load]], { name: 'say "hi" \\n <b>\n1. #x' });
  const fail = graph.node('fail', [], { after: [load] });
  const join = graph.local((...all) => all.length, [parse, fail], { name: '_end_' });
  graph.edge(load, join);
  return { pool, graph };
}

describe('toDot', () => {
  it('names nodes and edges, and escapes', () => {
    expect(drawn().graph.toDot()).toBe(
      [
        'digraph {',
        '  rankdir=LR;',
        '  node [shape=box];',
        '  n0 [label="load#0"];',
        '  n1 [label="say \\"hi\\" \\\\n <b>\\n1. #x"];',
        '  n2 [label="fail#2"];',
        '  n3 [label="_end_", shape=ellipse];',
        '  n0 -> n1;',
        '  n0 -> n2 [style=dashed];',
        '  n1 -> n3;',
        '  n2 -> n3;',
        '  n0 -> n3 [style=dashed];',
        '}',
        '',
      ].join('\n'),
    );
  });

  it('shows a run: durations, how nodes ended, the longest chain', async () => {
    const { pool, graph } = drawn();
    const text = graph.toDot(await pool.drive(graph.run({ onError: 'continue' })));
    expect(text).toContain('n0 [label="load#0\\n20 ms", style=filled, fillcolor=palegreen, penwidth=3];');
    expect(text).toContain('n1 [label="say \\"hi\\" \\\\n <b>\\n1. #x\\n5.00 ms"');
    expect(text).toContain('n2 [label="fail#2\\n20 ms", style=filled, fillcolor=salmon, penwidth=3];');
    expect(text).toContain(
      'n3 [label="_end_", shape=ellipse, style=filled, fillcolor=lightgrey, penwidth=3]',
    );
    expect(text).toContain('n0 -> n2 [style=dashed, penwidth=3];');
    expect(text).toContain('n2 -> n3 [penwidth=3];');
    expect(text).toContain('n0 -> n1;');
  });

  it('draws cycles, too', () => {
    const { graph } = drawn();
    const a = graph.local(() => 1);
    graph.edge(a, a);
    expect(graph.toDot()).toContain('n4 -> n4 [style=dashed];');
  });
});

describe('toMermaid', () => {
  it('names nodes and edges, and escapes what Mermaid would read', () => {
    expect(drawn().graph.toMermaid()).toBe(
      [
        'flowchart LR',
        '  n0["load#35;0"]',
        '  n1["say #34;hi#34; #92;n #60;b#62;<br/>1#46; #35;x"]',
        '  n2["fail#35;2"]',
        '  n3(["#95;end#95;"])',
        '  n0 --> n1',
        '  n0 -.-> n2',
        '  n1 --> n3',
        '  n2 --> n3',
        '  n0 -.-> n3',
        '',
      ].join('\n'),
    );
  });

  it('shows a run', async () => {
    const { pool, graph } = drawn();
    const text = graph.toMermaid(await pool.drive(graph.run({ onError: 'continue' })));
    expect(text).toContain('n2["fail#35;2<br/>20 ms"]:::failed');
    expect(text).toContain('n3(["#95;end#95;"]):::skipped');
    expect(text).toContain('n0 ==> n2');
    expect(text).toContain('classDef failed fill:#fa8072,color:#000000');
  });
});
