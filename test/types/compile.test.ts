import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const FAULTLESS = 'test/types/pool.test-d.ts';
const FAULTY = 'test/types/fixtures/broken/fault.ts';

/** What the compiler says of the two files, by file. */
function faults(): Readonly<Record<string, readonly string[]>> {
  const files = [FAULTLESS, FAULTY];
  const { config } = ts.readConfigFile(`${ROOT}tsconfig.test.json`, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, files, include: [] }, ts.sys, ROOT);
  // The sources, so that no old build is tested.
  const paths = { millrace: [`${ROOT}src/index.ts`], 'millrace/worker': [`${ROOT}workers/index.ts`] };
  const program = ts.createProgram(files, { ...options, paths });
  return Object.fromEntries(
    files.map((name) => {
      const file = program.getSourceFile(name);
      if (file === undefined) throw new Error(`The compiler did not find ${name}.`);
      const found = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
      return [
        name,
        found.map(({ start, messageText }) => {
          const line = file.getLineAndCharacterOfPosition(start!).line + 1;
          return `${line}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
        }),
      ];
    }),
  );
}

it('what must compile does, and every line that is expected to be an error is one', () => {
  const { [FAULTLESS]: faultless, [FAULTY]: faulty } = faults();
  expect(faultless).toEqual([]);
  // That this test sees faults: an expectation that nothing meets, and a wrong name.
  expect(faulty).toHaveLength(2);
}, 60_000);
