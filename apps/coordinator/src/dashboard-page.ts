/** Where the built dashboard is: a folder with `index.html`. From source and installed alike: `src` and `dist` lie side by side. */
export const dashboardPage = new URL("../dist/dashboard/", import.meta.url);
