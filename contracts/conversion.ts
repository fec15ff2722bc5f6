/**
 * The simple conversions that configuration may name for a column, applied in the order written, after blanks at both
 * ends were cut and empty text became null. A conversion either gives a value or refuses; it never guesses.
 */
export type Conversion =
  /** Cuts blanks at both ends. */
  | "trim"
  /** Full-width letters, digits and signs become ASCII. */
  | "halfWidth"
  /** ASCII letters only. */
  | "upper"
  | "emptyToNull"
  /** `true`, `t` and `false`, `f`, as databases write truth values, become `1` and `0`. */
  | "boolean"
  /** A pattern of YYYY, MM or M, DD or D, and HH, mm, ss, S… whose digits must be zeros: `YYYY-MM-DD HH:mm:ss`. Gives YYYYMMDD. */
  | { readonly date: string }
  /** The same patterns, the day may be absent. Gives YYYYMM. */
  | { readonly month: string }
  /** So many decimal places, without rounding: digits other than zero that would be lost are refused. */
  | { readonly decimal: number }
  /** So many decimal places, half a unit away from zero. */
  | { readonly round: number }
  /** A name of the national code table becomes its code; a national code stays. */
  | { readonly nameToCode: true }
  /** Digits shorter than this get zeros in front. */
  | { readonly padStart: number };
