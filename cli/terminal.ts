import type { Texts } from "../contracts/texts.ts";
import { alignedLines, type Cell } from "./table-text.ts";

export type TextParams = Readonly<Record<string, string | number>>;

/** Where a command writes. Results go to standard output, everything else to standard error. */
export interface Streams {
  readonly out: { write(text: string): unknown };
  readonly err: { write(text: string): unknown };
  /** A person looks at standard error, where progress and questions are. */
  readonly isTty: boolean;
}

/**
 * The only printer of the command line. What a person reads is named by its key in `contracts/texts/{zh,en}/cli.json`,
 * so that no text can be printed in one language alone; a test holds commands to it.
 */
export class Terminal {
  readonly texts: Texts;
  readonly #streams: Streams;

  constructor(texts: Texts, streams: Streams) {
    this.texts = texts;
    this.#streams = streams;
  }

  get isTty(): boolean {
    return this.#streams.isTty;
  }

  /** The text of `cli.<key>`. */
  text(key: string, params: TextParams = {}): string {
    return this.texts(`cli.${key}`, params);
  }

  /** A text that belongs to the result. */
  say(key: string, params: TextParams = {}): void {
    this.#streams.out.write(`${this.text(key, params)}\n`);
  }

  /** A text beside the result: what goes on, what to do next. */
  note(key: string, params: TextParams = {}): void {
    this.#streams.err.write(`${this.text(key, params)}\n`);
  }

  /** Columns under headings, which are keys below `heading.`; `below` has what stands under single rows. */
  table(
    headings: readonly string[],
    rows: readonly (readonly Cell[])[],
    below: readonly (string | null)[] = [],
  ): void {
    const heads = headings.map((name) => this.text(`heading.${name}`));
    for (const [at, line] of alignedLines([heads, ...rows]).entries()) {
      const under = below[at - 1] ?? null;
      this.#streams.out.write(under === null ? `${line}\n` : `${line}\n${under}\n`);
    }
  }

  /** One value on one line, for machines. */
  json(value: unknown): void {
    this.#streams.out.write(`${JSON.stringify(value, jsonValue)}\n`);
  }

  /** The same to standard error, where standard output belongs to a result that is still to come. */
  jsonNote(value: unknown): void {
    this.#streams.err.write(`${JSON.stringify(value, jsonValue)}\n`);
  }

  /** Text with a form of its own, such as YAML, CSV or help. */
  data(text: string): void {
    this.#streams.out.write(text);
  }

  dataNote(text: string): void {
    this.#streams.err.write(text);
  }
}

function jsonValue(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}
