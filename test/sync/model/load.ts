/**
 * The protocols as the model checker runs them: the text that ships, with every function turned into a generator that
 * yields each access to shared memory before it happens.
 *
 * @module
 */
import { readdirSync, readFileSync } from 'node:fs';
import ts from 'typescript';

const FOLDER = new URL('../../../src/sync/protocols/', import.meta.url);

/** One access to shared memory: the scheduler makes it, and gives the result back. */
export interface Access {
  readonly op: 'load' | 'store' | 'add' | 'sub' | 'or' | 'compareExchange' | 'notify';
  /** A view on the memory of the scene. */
  readonly on: Int32Array | BigInt64Array;
  readonly args: readonly (number | bigint)[];
}

/** A text to replace before the protocols are loaded: a fault that the checker has to find. */
export interface Fault {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

export type Protocols = Readonly<
  Record<string, (...args: readonly unknown[]) => Generator<unknown, number, never>>
>;

/** All functions of the protocols of `millrace/sync`, by file. */
export function load(fault?: Fault): Readonly<Record<string, Protocols>> {
  return loadFrom(
    FOLDER,
    readdirSync(FOLDER).filter((name) => name.endsWith('.ts')),
    {},
    fault,
  );
}

/** The functions of these files, by file. `given`: what they import from others, by path, and run as it is. */
export function loadFrom(
  folder: URL,
  names: readonly string[],
  given: Readonly<Record<string, object>>,
  fault?: Fault,
): Readonly<Record<string, Protocols>> {
  const texts = new Map(names.map((name) => [name, readFileSync(new URL(name, folder), 'utf8')]));
  if (fault !== undefined) texts.set(fault.file, plant(texts.get(fault.file) ?? '', fault));
  const functions = new Set([...texts.values()].flatMap(functionsOf));
  const modules: Record<string, Protocols> = {};
  const open = (name: string): Protocols => {
    const there = modules[name];
    if (there !== undefined) return there;
    const exports: Record<string, never> = {};
    modules[name] = exports;
    const { outputText } = ts.transpileModule(texts.get(name)!, {
      compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.CommonJS },
      transformers: { before: [stepwise(functions)] },
    });
    new Function('exports', 'require', outputText)(
      exports,
      (path: string) => given[path] ?? open(path.replace('./', '')),
    );
    return exports;
  };
  for (const name of names) open(name);
  return modules;
}

function plant(text: string, { file, from, to }: Fault): string {
  const parts = text.split(from);
  if (parts.length !== 2)
    throw new Error(`${file} should hold this once, not ${parts.length - 1} times: ${from}`);
  return parts.join(to);
}

function functionsOf(text: string): readonly string[] {
  return [...text.matchAll(/^(?:export )?function\*? (\w+)/gm)].map((match) => match[1]!);
}

function stepwise(functions: ReadonlySet<string>): ts.TransformerFactory<ts.SourceFile> {
  return ({ factory }) => {
    const into = (node: ts.Node): ts.Node => ts.visitEachChild(node, visit, undefined);
    const called = (node: ts.Node): node is ts.CallExpression =>
      ts.isCallExpression(node) && ts.isIdentifier(node.expression) && functions.has(node.expression.text);
    function visit(node: ts.Node): ts.Node {
      if (ts.isFunctionDeclaration(node)) {
        const body = into(node.body!) as ts.Block;
        const star = factory.createToken(ts.SyntaxKind.AsteriskToken);
        return factory.updateFunctionDeclaration(
          node,
          node.modifiers,
          star,
          node.name,
          undefined,
          node.parameters,
          undefined,
          body,
        );
      }
      if (ts.isYieldExpression(node) && node.asteriskToken && node.expression && called(node.expression))
        return factory.updateYieldExpression(
          node,
          node.asteriskToken,
          into(node.expression) as ts.Expression,
        );
      if (called(node)) {
        const star = factory.createToken(ts.SyntaxKind.AsteriskToken);
        return factory.createParenthesizedExpression(
          factory.createYieldExpression(star, into(node) as ts.Expression),
        );
      }
      if (isAtomic(node)) {
        const [view, ...rest] = node.arguments.map((argument) => visit(argument) as ts.Expression);
        const access = factory.createObjectLiteralExpression([
          factory.createPropertyAssignment('op', factory.createStringLiteral(node.expression.name.text)),
          factory.createPropertyAssignment('on', view!),
          factory.createPropertyAssignment('args', factory.createArrayLiteralExpression(rest)),
        ]);
        return factory.createParenthesizedExpression(factory.createYieldExpression(undefined, access));
      }
      return into(node);
    }
    return (file) => ts.visitEachChild(file, visit, undefined);
  };
}

function isAtomic(
  node: ts.Node,
): node is ts.CallExpression & { readonly expression: ts.PropertyAccessExpression } {
  return (
    ts.isCallExpression(node) &&
    ts.isPropertyAccessExpression(node.expression) &&
    node.expression.expression.getText() === 'Atomics'
  );
}
