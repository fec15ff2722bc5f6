import { givenParts, minorityFirst, minoritySecond, rareParts, surnames } from "./name-parts.ts";
import type { SeededRandom } from "./seeded-random.ts";

export interface PersonName {
  readonly text: string;
  /** Letters and blanks. */
  readonly pinyin: string;
}

/** One name in 250 has a rare character, as class lists really do. */
export function chineseName(random: SeededRandom, surname = random.pick(surnames)): PersonName {
  const first = random.chance(0.004) ? random.pick(rareParts) : random.pick(givenParts);
  if (random.chance(0.25)) return { text: surname[0] + first[0], pinyin: `${surname[1]} ${first[1]}` };
  const second = random.pick(givenParts);
  return { text: surname[0] + first[0] + second[0], pinyin: `${surname[1]} ${first[1]} ${second[1]}` };
}

export function minorityName(random: SeededRandom): PersonName {
  const first = random.pick(minorityFirst);
  const second = random.pick(minoritySecond);
  return { text: `${first[0]}·${second[0]}`, pinyin: `${first[1]} ${second[1]}` };
}

export function foreignName(random: SeededRandom): PersonName {
  const name = random.pick(["Mina Sol", "Jan Orel", "Tomas Vell", "Lena Brisk"]);
  return { text: name.replace(" ", "·"), pinyin: name };
}
