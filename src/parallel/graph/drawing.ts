/**
 * A graph as text for programs that draw: Graphviz and Mermaid. Nodes are numbered in it, so that a name can be
 * anything.
 *
 * @module
 */
import type { Edges } from './edges.ts';
import type { NodeOutcome } from './results.ts';

/** What is drawn. */
export interface Picture {
  readonly edges: Edges;
  nameOf(node: number): string;
  onMain(node: number): boolean;
  /** After a run: how each node ended, what it took, and which were the longest chain. */
  readonly run: PictureOfRun | undefined;
}

export interface PictureOfRun {
  outcome(node: number): NodeOutcome;
  duration(node: number): number | undefined;
  readonly path: readonly number[];
}

/** A line of a drawing: whether the result goes along it, and whether it is part of the longest chain. */
interface Line {
  readonly from: number;
  readonly to: number;
  readonly carries: boolean;
  readonly critical: boolean;
}

const DOT_COLOURS: Readonly<Record<NodeOutcome, string>> = {
  done: 'palegreen',
  fallback: 'khaki',
  failed: 'salmon',
  skipped: 'lightgrey',
};
const MERMAID_FILLS: Readonly<Record<NodeOutcome, string>> = {
  done: '#98fb98',
  fallback: '#f0e68c',
  failed: '#fa8072',
  skipped: '#d3d3d3',
};

export function dot(picture: Picture): string {
  const { edges, run } = picture;
  const critical = new Set(run?.path);
  const text = ['digraph {', '  rankdir=LR;', '  node [shape=box];'];
  for (let node = 0; node < edges.nodes; node++) {
    const attributes = [`label="${labelLines(picture, node).map(dotText).join('\\n')}"`];
    if (picture.onMain(node)) attributes.push('shape=ellipse');
    if (run) attributes.push('style=filled', `fillcolor=${DOT_COLOURS[run.outcome(node)]}`);
    if (critical.has(node)) attributes.push('penwidth=3');
    text.push(`  n${node} [${attributes.join(', ')}];`);
  }
  for (const { from, to, carries, critical } of linesOf(edges, run?.path)) {
    const attributes = [...(carries ? [] : ['style=dashed']), ...(critical ? ['penwidth=3'] : [])];
    text.push(`  n${from} -> n${to}${attributes.length > 0 ? ` [${attributes.join(', ')}]` : ''};`);
  }
  return `${text.join('\n')}\n}\n`;
}

export function mermaid(picture: Picture): string {
  const { edges, run } = picture;
  const text = ['flowchart LR'];
  for (let node = 0; node < edges.nodes; node++) {
    const label = `"${labelLines(picture, node).map(mermaidText).join('<br/>')}"`;
    const shape = picture.onMain(node) ? `([${label}])` : `[${label}]`;
    text.push(`  n${node}${shape}${run ? `:::${run.outcome(node)}` : ''}`);
  }
  for (const { from, to, carries, critical } of linesOf(edges, run?.path)) {
    text.push(`  n${from} ${critical ? '==>' : carries ? '-->' : '-.->'} n${to}`);
  }
  if (run) {
    for (const [outcome, fill] of Object.entries(MERMAID_FILLS)) {
      text.push(`  classDef ${outcome} fill:${fill},color:#000000`);
    }
  }
  return `${text.join('\n')}\n`;
}

function labelLines({ nameOf, run }: Picture, node: number): readonly string[] {
  const ms = run?.duration(node);
  const lines = nameOf(node).split(/\r\n|\r|\n/);
  return ms === undefined ? lines : [...lines, `${ms < 10 ? ms.toFixed(2) : ms.toFixed(0)} ms`];
}

function* linesOf(edges: Edges, path: readonly number[] = []): Generator<Line> {
  const follows = new Map(path.slice(1).map((node, i) => [node, path[i]!]));
  for (let to = 0; to < edges.nodes; to++) {
    const first = edges.beforeAt[to]!;
    for (let i = first; i < edges.beforeAt[to + 1]!; i++) {
      const from = edges.before[i]!;
      yield { from, to, carries: i - first < edges.inputs[to]!, critical: follows.get(to) === from };
    }
  }
}

/** Inside quotes only the quote ends a text; the backslash begins what Graphviz reads as a command. */
function dotText(text: string): string {
  return text.replace(/["\\]/g, '\\$&');
}

/** Mermaid reads HTML and Markdown in labels (`1. a` is a list there); the code of a character is only that character. */
function mermaidText(text: string): string {
  return text.replace(
    /[^\p{L}\p{N} _.,:/()-]|^-|(?<=^\d+)\.(?= )|(?<!\w)_|_(?!\w)/gu,
    (character) => `#${character.codePointAt(0)};`,
  );
}
