/** A piece of a buffer that others share: text as UTF-8, kept without a string of its own. */
export interface ByteRange {
  readonly bytes: Buffer;
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
}

export function isByteRange(value: object): value is ByteRange {
  return "bytes" in value;
}

export function textOf({ bytes, start, end }: ByteRange): string {
  return bytes.toString("utf8", start, end);
}

const slabBytes = 256 * 1024;

/**
 * Keeps many small texts as bytes in few large buffers. A text that lives as long as its chunk would otherwise be moved
 * about by the garbage collector, and be encoded later all the same.
 */
export class ByteSlab {
  #bytes = Buffer.alloc(0);
  #used = 0;

  append(text: string): ByteRange {
    // At most three bytes for each unit of UTF-16.
    const room = text.length * 3;
    if (this.#bytes.length - this.#used < room) {
      this.#bytes = Buffer.allocUnsafeSlow(Math.max(slabBytes, room));
      this.#used = 0;
    }
    const start = this.#used;
    this.#used += this.#bytes.write(text, start, "utf8");
    return { bytes: this.#bytes, start, end: this.#used };
  }
}
