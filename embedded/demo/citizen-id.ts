/**
 * Citizen ID numbers for invented people (GB 11643-1999). Written here a second time on purpose: the demo must not
 * use the product's own check to plant what that check has to find.
 */
const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2] as const;
const checkCharacters = "10X98765432";

/** The check character of the first 17 digits. */
export function checkCharacter(body: string): string {
  let sum = 0;
  for (let at = 0; at < 17; at++) sum += (body.charCodeAt(at) - 48) * (weights[at] ?? 0);
  return checkCharacters.charAt(sum % 11);
}

/** `region` 6 digits, `birthDate` YYYYMMDD, `sequence` 1–999: odd for boys, even for girls. */
export function citizenId(region: string, birthDate: string, sequence: number): string {
  const body = region + birthDate + String(sequence).padStart(3, "0");
  return body + checkCharacter(body);
}

/** The same number with a check character that is certainly wrong. */
export function withWrongCheck(id: string): string {
  const at = checkCharacters.indexOf(id.charAt(17));
  return id.slice(0, 17) + checkCharacters.charAt((at + 3) % 11);
}
