import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { GuardianDefect, PupilDefect } from "./defects.ts";
import type { PersonName } from "./person-names.ts";
import type { Truth } from "./pupil.ts";

/** Texts that may stand nowhere but in the databases: the privacy test looks for them in logs, errors and topic names. */
export interface CanaryFile {
  readonly names: readonly string[];
  readonly numbers: readonly string[];
  readonly phones: readonly string[];
}

const numerals = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥";
const everyPupils = 997;
const pupilsMax = 4;

/**
 * Names a few pupils so that they can be recognised: some sound ones, the first of each kind of defect (whose values
 * come nearest to an error message) and the first guardian of each kind.
 */
export class Canaries {
  readonly #names: string[] = [];
  readonly #numbers: string[] = [];
  readonly #phones: string[] = [];
  readonly #seen = new Set<PupilDefect | GuardianDefect>();
  #sound = 0;

  /** Called once per pupil, before it is made. */
  pupilName(index: number, defect: PupilDefect | null): PersonName | null {
    if (defect !== null) return this.#first(defect);
    if (index % everyPupils !== everyPupils - 1 || this.#sound >= pupilsMax) return null;
    this.#sound += 1;
    return this.#fresh();
  }

  guardianName(defect: GuardianDefect | null): PersonName | null {
    return defect === null ? null : this.#first(defect);
  }

  /** Takes the numbers of a person who was named here. */
  note(truth: Truth): void {
    this.#numbers.push(
      ...[truth["idDocNo"], truth["studentNumber"]].filter((text) => typeof text === "string"),
    );
    if (typeof truth["phone"] === "string") this.#phones.push(truth["phone"]);
  }

  write(folder: string): void {
    const file: CanaryFile = { names: this.#names, numbers: this.#numbers, phones: this.#phones };
    writeFileSync(join(folder, "canaries.json"), `${JSON.stringify(file, null, 2)}\n`);
  }

  #first(defect: PupilDefect | GuardianDefect): PersonName | null {
    if (this.#seen.has(defect)) return null;
    this.#seen.add(defect);
    return this.#fresh();
  }

  #fresh(): PersonName {
    const at = this.#names.length;
    const text = `鹓鶵${numerals.charAt(at % numerals.length)}${at >= numerals.length ? "翎" : ""}`;
    this.#names.push(text);
    return { text, pinyin: "yuanchu canary" };
  }
}
