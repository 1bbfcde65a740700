/** In a page nothing comes as code. */
export function openDoors(): void {}
