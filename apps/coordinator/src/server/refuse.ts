import { ShoalError } from "@shoal/core";

/** An error over HTTP: its status, and what a program and a person can read. Without stack: the asker is a stranger. */
export function refuse(status: number, code: string, message: string, hint: string): Response {
  const error = new ShoalError(code, message, { hint }).toPublicData();
  return Response.json({ error }, { status, headers: { "cache-control": "no-store", ...(status === 401 && { "www-authenticate": "Bearer" }) } });
}
