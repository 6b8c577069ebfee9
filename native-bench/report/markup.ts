/**
 * HTML and SVG as text: whatever is put into a template is escaped, unless it is markup itself.
 *
 * @module
 */

export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }
}

export type Insertable = Markup | string | number | undefined | readonly Insertable[];

/** `undefined` is nothing, a list is its items; numbers are written as they are. */
export function markup(parts: TemplateStringsArray, ...values: readonly Insertable[]): Markup {
  return new Markup(
    parts.reduce(
      (text, part, index) => text + part + (index < values.length ? inserted(values[index]) : ''),
      '',
    ),
  );
}

function inserted(value: Insertable): string {
  if (value === undefined) return '';
  if (value instanceof Markup) return value.text;
  if (typeof value === 'string') return escaped(value);
  if (typeof value === 'number') return String(value);
  return value.map(inserted).join('');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** XML has no way to write most control characters or half a surrogate pair, and reasons come from anywhere. */
export function escaped(text: string): string {
  return printable(text).replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}

/** Without the colours of a terminal, and with a replacement character for what no document can hold. */
export function printable(text: string): string {
  return text.replace(TERMINAL_COLOUR, '').replace(/[^\P{Cc}\t\n\r]|[\p{Cs}\ufffe\uffff]/gu, '\ufffd');
}

const TERMINAL_COLOUR = new RegExp(`${String.fromCharCode(27)}\\[[\\d;]*m`, 'g');
