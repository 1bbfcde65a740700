/**
 * What every answer carries. Nothing is fetched from anywhere else, nothing inline runs, no other page may frame or read it; and a page is isolated, which is
 * what gives WebAssembly its threads.
 */
export const securityHeaders: Readonly<Record<string, string>> = {
  "content-security-policy": [
    "default-src 'none'",
    // WebAssembly counts as a script.
    "script-src 'self' 'wasm-unsafe-eval'",
    "style-src 'self'",
    // Samples of pictures are `data:` URLs.
    "img-src 'self' data: blob:",
    "font-src 'self'",
    // A model that a tab has kept comes to its runtime as a Blob.
    "connect-src 'self' blob:",
    "worker-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=()",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};
