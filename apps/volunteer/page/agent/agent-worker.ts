export {}; console.log("stub");
