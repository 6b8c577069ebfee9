/**
 * Task graphs.
 *
 * @module
 */
export { GraphCycleError, GraphNodeError } from '../../errors.ts';
export { Graph, graph, type NodeCall } from './graph.ts';
export { GraphNode, type NodeInput, type NodeInputs, type Resolved, type ResolvedAll } from './node.ts';
export type { GraphRunner, GraphRunOptions, LocalOptions, NodeOptions } from './options.ts';
export { GraphResults, type NodeOutcome } from './results.ts';
