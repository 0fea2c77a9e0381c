/** What is wrong with an image as it lies there, as the end of a sentence that begins with its name. */
export class ImageError extends Error {}

/** The sentence's end with the part of the image in front, where an error says nothing of it itself. */
export function problemIn(what: string, error: unknown): ImageError {
  const said = error instanceof Error ? error.message : String(error);
  return new ImageError(error instanceof ImageError ? said : `is damaged: ${what} cannot be read (${said})`);
}
