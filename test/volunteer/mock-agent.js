// In place of the worker that the page's agent lives in: it does what the test says, and tells it what the page said.
const test = new BroadcastChannel("mock agent");
addEventListener("message", ({ data }) => test.postMessage({ heard: data }));
test.addEventListener("message", ({ data }) => {
  if (data.say !== undefined) postMessage(data.say);
  if (data.throw !== undefined) setTimeout(() => { throw new Error(data.throw); });
});
test.postMessage({ heard: { kind: "alive" } });
