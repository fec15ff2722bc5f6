import { inspect } from "node:util";

/** A secret's value with the place it came from. It prints, logs and serialises as that place, never as the value. */
export class Secret {
  readonly #value: string;
  /** `env NAME`, `file path` or `text`. */
  readonly source: string;

  constructor(value: string, source: string) {
    this.#value = value;
    this.source = source;
  }

  /** For the one call that needs it; keep the result nowhere. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return `[secret: ${this.source}]`;
  }

  toJSON(): string {
    return this.toString();
  }

  [inspect.custom](): string {
    return this.toString();
  }
}
