import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const MISUSE = fileURLToPath(new URL('./misuse.ts', import.meta.url));

it('the compiler refuses what only another role may do', { timeout: 60_000 }, () => {
  const { config } = ts.readConfigFile(`${ROOT}tsconfig.json`, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(
    { ...config, include: [], files: [MISUSE] },
    ts.sys,
    ROOT,
  );
  const program = ts.createProgram([MISUSE], { ...options, noEmit: true });
  const source = program.getSourceFile(MISUSE);
  const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
  expect(found.map((d) => ts.flattenDiagnosticMessageText(d.messageText, ' '))).toEqual([]);
  expect(readFileSync(MISUSE, 'utf8').match(/@ts-expect-error/g)?.length).toBeGreaterThan(10);
});
