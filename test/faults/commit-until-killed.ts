// The coordinator of engine-folder.test.ts: commits without end, and says on standard output what was accepted.
import { openEmbeddedEngine } from "@shoal/cluster/embedded";

const [folder, life] = process.argv.slice(2) as [string, string];
// Small files and few obsolete records: it also rotates and compacts all the time.
const engine = await openEmbeddedEngine(folder, { journal: { maxFileBytes: 20_000, maxObsoleteRecords: 200 } }).catch((error: { code: string }) => {
  console.log(`refused ${error.code}`);
  process.exit(1);
});
console.log("open");
for (let round = 0; ; round++) {
  const job = `job-${round % 3}`;
  await engine.ledger.open(job);
  await Promise.all(Array.from({ length: 32 }, async (_, index) => {
    const block = `block-${life}-${round}-${index}`;
    const answer = await engine.ledger.commit(job, block, { attempt: life });
    if (answer.outcome === "accepted") process.stdout.write(`${job} ${block}\n`);
  }));
  if (round % 5 === 4) {
    process.stdout.write(`removing job-scratch\n`);
    await engine.ledger.open("job-scratch");
    await Promise.all(Array.from({ length: 100 }, (_, index) => engine.ledger.note("job-scratch", { index })));
    await engine.ledger.remove("job-scratch");
  }
}
