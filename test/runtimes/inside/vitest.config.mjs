// vitest in Bun and in Deno: what is run there is named *.suite.ts, so that npm test does not run it in Node.
const conditions = ["@shoal/source", process.env.SHOAL_RUNTIME, "module", "node"];

export default {
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: { include: ["test/runtimes/inside/*.suite.ts"], pool: "forks", testTimeout: 30_000, hookTimeout: 30_000 },
};
