import type { Store, StoreClient } from "./store.ts";

export interface Welcome {
  readonly highestBatchId: bigint;
  readonly contracts: Readonly<Record<string, readonly number[]>>;
}

export async function recordHello(store: Store, province: string, nonce: string): Promise<void> {
  await store.query("INSERT INTO exchange.hello (nonce, province) VALUES ($1, $2)", [nonce, province]);
}

/** Keeps the nation's welcome in the caller's transaction; a welcome nobody asked for changes nothing. */
export async function recordWelcome(
  client: StoreClient,
  province: string,
  nonce: string,
  welcome: Welcome,
): Promise<void> {
  await client.query(
    `UPDATE exchange.hello SET welcomed_at = now(), highest_batch_id = $3, contracts = $4
     WHERE nonce::text = $1 AND province = $2 AND welcomed_at IS NULL`,
    [nonce, province, String(welcome.highestBatchId), JSON.stringify(welcome.contracts)],
  );
}

/** The answer to one hello; null until it came. */
export async function welcomeOf(store: Store, nonce: string): Promise<Welcome | null> {
  const rows = await store.query<{ highest: string; contracts: Record<string, number[]> }>(
    "SELECT highest_batch_id AS highest, contracts FROM exchange.hello WHERE nonce = $1 AND welcomed_at IS NOT NULL",
    [nonce],
  );
  const row = rows[0];
  return row === undefined ? null : { highestBatchId: BigInt(row.highest), contracts: row.contracts };
}
