import pg from "pg";

/** A county's registry on a working day: so many pupils, and clerks who think between two acts. */
export const pupils = 300_000;
export const clerks = 8;
export const clerkThinkMs = 10;

export async function createRegistry(url: string): Promise<void> {
  const owner = new pg.Client({ connectionString: url });
  await owner.connect();
  try {
    await owner.query(`CREATE SCHEMA xj;
      CREATE TABLE xj.pupil (id text PRIMARY KEY, name text, note text, changed integer NOT NULL DEFAULT 0);
      INSERT INTO xj.pupil SELECT i::text, '学生' || i, repeat(md5(i::text), 12), 0 FROM generate_series(0, ${pupils - 1}) AS i`);
    await owner.query("VACUUM ANALYZE xj.pupil");
    await owner.query("CHECKPOINT");
  } finally {
    await owner.end();
  }
}
