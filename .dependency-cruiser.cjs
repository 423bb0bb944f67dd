/** The layer table of ARCHITECTURE.md: one row a layer, `may` lists the folders it may import beside itself. */
const layers = [
  { folder: 'base', may: [] },
  { folder: 'data', may: ['base'] },
  { folder: 'ir', may: ['base', 'data'] },
  { folder: 'io', may: ['base', 'data', 'ir'] },
  { folder: 'dsl', may: ['base', 'data', 'ir', 'io'] },
  { folder: 'planner', may: ['base', 'data', 'ir'] },
  { folder: 'runtime', may: ['base', 'data', 'ir', 'io'] },
  { folder: 'testing', may: ['base', 'data', 'ir', 'io'] },
]
const backends = ['inline', 'threads', 'processes', 'simulator']
const libraries = [
  { library: 'chevrotain', folder: 'src/dsl/flow/' },
  { library: 'comlink', folder: 'src/runtime/rpc/' },
  { library: '@dagrejs/graphlib', folder: 'src/planner/' },
  { library: 'acorn', folder: 'src/dsl/' },
  { library: 'commander', folder: 'src/cli/' },
]

module.exports = {
  forbidden: [
    ...layers.map(({ folder, may }) => ({
      name: `layer-${folder}`,
      comment: `src/${folder} may import ${may.length === 0 ? 'nothing else in src' : may.join(', ')}`,
      severity: 'error',
      from: { path: `^src/${folder}/` },
      to: { path: '^src/', pathNot: `^src/(${[folder, ...may].join('|')})/` },
    })),
    ...backends.map((name) => ({
      name: `layer-backend-${name}`,
      severity: 'error',
      from: { path: `^src/backends/${name}/` },
      to: { path: '^src/', pathNot: `^src/(base|data|ir|io|runtime)/|^src/backends/(${name}/|[^/]+$)` },
    })),
    {
      name: 'layer-cli',
      comment: 'the command line knows the wiring layer, not planner, runtime or backends',
      severity: 'error',
      from: { path: '^src/cli/' },
      to: { path: '^src/', pathNot: '^src/(cli|run|base|data)/|^src/(index|run)\\.ts|^src/dsl/bind/context\\.ts' },
    },
    { name: 'layer-run', severity: 'error', from: { path: '^src/run/' }, to: { path: '^src/(cli|index\\.ts)' } },
    ...libraries.map(({ library, folder }) => ({
      name: `library-${library}`,
      severity: 'error',
      from: { path: '^src/', pathNot: `^${folder}` },
      to: { path: `node_modules/${library}/` },
    })),
    { name: 'no-cycles', severity: 'error', from: { path: '^src/' }, to: { circular: true } },
  ],
  options: { tsPreCompilationDeps: true, tsConfig: { fileName: 'tsconfig.json' }, doNotFollow: { path: 'node_modules' } },
}
