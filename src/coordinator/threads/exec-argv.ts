/**
 * Node options of a worker thread.
 *
 * @module
 */

const WITH_VALUE: ReadonlySet<string> = new Set(['--inspect-port', '--debug-port', '--inspect-publish-uid']);

/** The options without those of the debugger: a worker belongs to the debugger of its process, on the port of that. */
export function withoutInspector(execArgv: readonly string[]): string[] {
  const kept: string[] = [];
  for (let at = 0; at < execArgv.length; at += 1) {
    const option = execArgv[at]!;
    if (!/^--(?:inspect|debug-port)/.test(option)) kept.push(option);
    else if (WITH_VALUE.has(option)) at += 1;
  }
  return kept;
}
