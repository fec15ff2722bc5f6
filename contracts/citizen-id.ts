import { rememberingLast } from "./remembering-last.ts";
import { isDate } from "./value-check.ts";

/** Check character of ISO 7064 MOD 11-2 for a remainder of 0 to 10. */
const checkCharacters = "10X98765432";

/** 2^(18−i) mod 11 for positions 1 to 17 (GB 11643-1999). */
const weights: readonly number[] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

/** The check character that belongs behind the first seventeen digits. */
export function checkCharacter(digits: string): string {
  let sum = 0;
  for (let at = 0; at < 17; at += 1) sum += (digits.charCodeAt(at) - 48) * (weights[at] ?? 0);
  return checkCharacters.charAt(sum % 11);
}

/** Seventeen digits and a digit or capital X. Asked by several rules about one number after the other. */
export const hasCitizenIdForm = rememberingLast((id) => {
  if (id.length !== 18) return false;
  for (let at = 0; at < 17; at += 1) {
    if (!isDigit(id.charCodeAt(at))) return false;
  }
  return isDigit(id.charCodeAt(17)) || id.endsWith("X");
});

function isDigit(unit: number): boolean {
  return unit >= 48 && unit <= 57;
}

/** The last character is right. Catches every wrong digit and every swap of neighbours. */
export function hasRightCheck(id: string): boolean {
  return checkCharacter(id) === id.charAt(17);
}

/** `YYYYMMDD` in an eighteen-character number. */
export function birthDateOf(id: string): string {
  return id.slice(6, 14);
}

/** The gender code (1 male, 2 female) that digit 17 states. */
export function genderOf(id: string): "1" | "2" {
  return (id.charCodeAt(16) - 48) % 2 === 1 ? "1" : "2";
}

/**
 * Eighteen characters for an old number of fifteen (GB 11643-1989); null where it is none. The century is 19: people
 * born before do not have children at school.
 */
export function fromFifteen(id: string): string | null {
  if (!/^\d{15}$/.test(id)) return null;
  const digits = `${id.slice(0, 6)}19${id.slice(6)}`;
  return isDate(digits.slice(6, 14)) ? digits + checkCharacter(digits) : null;
}
