/** What the node takes as a marker's category. */
export const CATEGORY = /^[a-z0-9-]{1,32}$/;

/** What somebody typed, as near to a category as it gets. */
export const asCategory = (text: string): string => text.toLowerCase().replaceAll(" ", "-");
