export type Direction = "up" | "down";
export type TopicKind = "data" | "business" | "control";

export interface TopicName {
  /** First two digits of the province's region code. */
  readonly province: string;
  /** `up` is written by the province, `down` by the nation. */
  readonly direction: Direction;
  readonly kind: TopicKind;
}

const topicPattern = /^duijie\.([1-9][0-9])\.(up|down)\.(data|business|control)$/;

/** One topic per province, direction and kind, so that rights and quotas are set per province. */
export function topicName(province: string, direction: Direction, kind: TopicKind): string {
  return `duijie.${province}.${direction}.${kind}`;
}

/** Null for a name that is not ours. */
export function parseTopic(topic: string): TopicName | null {
  const [, province, direction, kind] = topicPattern.exec(topic) ?? [];
  if (province === undefined || !isDirection(direction) || !isKind(kind)) return null;
  return { province, direction, kind };
}

function isDirection(text: string | undefined): text is Direction {
  return text === "up" || text === "down";
}

function isKind(text: string | undefined): text is TopicKind {
  return text === "data" || text === "business" || text === "control";
}
