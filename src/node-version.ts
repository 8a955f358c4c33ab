// The first module of every entry. It has to parse on old versions of Node, where the others may not even load.
const major = Number(process.versions.node.split('.')[0]);
if (major < 22) {
  process.stderr.write(
    `kubewright needs Node.js 22 or newer; this is ${process.version}. Install a newer Node.js, or run \`npm i -D node@24\` and use npx.\n`,
  );
  process.exit(1);
}
