export function mark<T>(counter: SharedArrayBuffer, value: T): T;
export function exit(code: number): never;
export function loop(): never;
export function nap<T>(ms: number, value: T): Promise<T>;
