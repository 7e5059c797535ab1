/** Makes a user's component by its function. An error of it names neither operator nor place: the engine, which asks for it, adds both. */
import { StreamError } from '../core/errors.js';
import { shown } from './check-arguments.js';

/** What a component is called, and the method that it cannot do without. */
interface Kind<T> {
  readonly what: string;
  readonly method: keyof T & string;
}

/**
 * The same function, checked: what it gives must have the method. Its text stays that of the user's, since the identity of a plan goes by it.
 *
 * @throws StreamError by the function that it returns: `RG030` where the user's throws, `RG032` where it gives something else.
 */
export function making<T extends object>(create: () => T, kind: Kind<T>): () => T {
  return withText(() => made(create, kind), create);
}

/** A function of ours around one of the user's, with the text of the user's. */
export function withText<F extends () => unknown>(create: F, users: () => unknown): F {
  return Object.assign(create, { toString: () => String(users) });
}

function made<T extends object>(create: () => T, { what, method }: Kind<T>): T {
  let component: T;
  try {
    component = create();
  } catch (thrown) {
    if (thrown instanceof StreamError) throw thrown;
    const message = `the function that makes this ${what} threw: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
    throw new StreamError('RG030', message, hintOf(create), { cause: thrown });
  }
  if (typeof (component as Partial<T> | null | undefined)?.[method] === 'function') return component;
  throw new StreamError(
    'RG032',
    `the function that makes this ${what} returned ${shown(component)}, not an object with the method ${method}`,
    `return for example { ${method}(…) { … } }`,
  );
}

function hintOf(create: () => unknown): string {
  if (String(create).startsWith('class')) return 'a class is made with new: write () => new … ()';
  return 'fix it: it is called for each task before the job begins';
}
