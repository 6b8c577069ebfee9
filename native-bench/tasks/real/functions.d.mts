export function minify(source: string): Promise<string>;
export function compress(text: string): Uint8Array;
export function render(markdown: string): string;
export function hashPassword(password: string, salt: string): string;
