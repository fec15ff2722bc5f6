import { citizenId } from "./citizen-id.ts";
import type { GuardianDefect } from "./defects.ts";
import { employers, jobTitles, surnames } from "./name-parts.ts";
import { chineseName, type PersonName } from "./person-names.ts";
import { type Pupil, phoneNumber, type Truth, yesNo } from "./pupil.ts";
import { type SeededRandom, WeightedChoice } from "./seeded-random.ts";

export interface Guardian {
  readonly pupil: Pupil;
  readonly ordinal: "1" | "2";
  readonly truth: Truth;
  readonly defect: GuardianDefect | null;
  readonly quirk: number;
}

interface Relation {
  readonly code: string;
  readonly isMan: boolean;
  /** Years older than the pupil, at least. */
  readonly older: number;
  readonly note: string | null;
}

const father: Relation = { code: "51", isMan: true, older: 22, note: null };
const mother: Relation = { code: "52", isMan: false, older: 21, note: null };
const first = new WeightedChoice<Relation>([
  [father, 88],
  [{ code: "61", isMan: true, older: 48, note: null }, 6],
  [{ code: "57", isMan: true, older: 22, note: null }, 2],
  [{ code: "83", isMan: true, older: 20, note: null }, 2],
  [{ code: "97", isMan: true, older: 25, note: "堂舅公" }, 2],
]);
const second = new WeightedChoice<Relation>([
  [mother, 90],
  [{ code: "62", isMan: false, older: 46, note: null }, 6],
  [{ code: "64", isMan: false, older: 46, note: null }, 2],
  [{ code: "99", isMan: false, older: 25, note: "邻居受托照看" }, 2],
]);

/** Both guardians of a pupil. `defect` falls on the first of them; `name` is given for a canary. */
export function makeGuardians(
  pupil: Pupil,
  pupilKey: string,
  random: SeededRandom,
  defect: GuardianDefect | null,
  name: PersonName | null,
): readonly [Guardian, Guardian] {
  const surname = surnames.find(([text]) => pupil.truth.name?.startsWith(text));
  return [
    guardian(pupil, pupilKey, "1", first.pick(random), random, defect, name ?? chineseName(random, surname)),
    guardian(pupil, pupilKey, "2", second.pick(random), random, null, chineseName(random)),
  ];
}

function guardian(
  pupil: Pupil,
  pupilKey: string,
  ordinal: "1" | "2",
  relation: Relation,
  random: SeededRandom,
  defect: GuardianDefect | null,
  name: PersonName,
): Guardian {
  const hasId = defect !== null || pupil.truth.idDocType !== "1" || random.chance(0.9);
  const truth: Truth = {
    studentKey: pupilKey,
    ordinal,
    name: name.text,
    relationshipCode: relation.code,
    relationshipNote: relation.note,
    ethnicityCode: random.chance(0.9) ? (pupil.truth.ethnicityCode ?? null) : null,
    employer: random.chance(0.7) ? random.pick(employers) : null,
    currentAddress: pupil.truth.currentAddress ?? null,
    hukouRegionCode: pupil.home.code12,
    phone: phoneNumber(random),
    isGuardian: yesNo(ordinal === "1" || random.chance(0.8)),
    idDocType: hasId ? "1" : null,
    idDocNo: hasId ? adultId(pupil, relation, random, defect === null) : null,
    jobTitle: random.chance(0.4) ? random.pick(jobTitles) : null,
  };
  return { pupil, ordinal, truth, defect, quirk: random.below(1000) };
}

function adultId(pupil: Pupil, relation: Relation, random: SeededRandom, mayBeOld: boolean): string {
  const year = Number(pupil.truth.birthDate?.slice(0, 4)) - relation.older - random.below(12);
  const date = year * 10_000 + (1 + random.below(12)) * 100 + 1 + random.below(28);
  const id = citizenId(pupil.home.code, String(date), 1 + random.below(499) * 2 + (relation.isMan ? 0 : 1));
  // Grandparents still show cards of the first generation: no century, no check character.
  return mayBeOld && relation.older > 40 && random.chance(0.05) ? id.slice(0, 6) + id.slice(8, 17) : id;
}
