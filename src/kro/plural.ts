/** The plural that kro gives a kind (github.com/gobuffalo/flect 1.0.3), which is the name of its resources. */
export function plural(word: string): string {
  const exact = plurals.get(word);
  if (exact !== undefined) return exact;
  if (known.has(word)) return word;
  // What is an acronym in capitals is doubled by its S, a name that no API server accepts.
  if (acronyms.has(word)) return word.endsWith('s') ? `${word}${word.toUpperCase()}es` : `${word}s`;
  for (const [suffix, replacement] of suffixes)
    if (word.endsWith(suffix)) return word.slice(0, word.length - suffix.length) + replacement;
  return word.endsWith('s') ? word : `${word}s`;
}

/** `singular:plural/another plural`; `=` for a whole word and not the end of one, `~` where the plural is no sign of one. */
const irregular = `
aircraft:aircraft beef:beef/beefs bison:bison ~blues:blues chassis:chassis deer:deer fish:fish/fishes moose:moose
police:police salmon:salmon/salmons series:series sheep:sheep shrimp:shrimp/shrimps species:species
swine:swine/swines trout:trout/trouts tuna:tuna/tunas you:you child:children =ox:oxen foot:feet goose:geese man:men
human:humans =louse:lice mouse:mice tooth:teeth woman:women =die:dice person:people adieu:adieux/adieus
fabliau:fabliaux bureau:bureaus/bureaux criterion:criteria ganglion:ganglia/ganglions lexicon:lexica/lexicons
mitochondrion:mitochondria/mitochondrions noumenon:noumena phenomenon:phenomena taxon:taxa media:media ~medium:media
stadium:stadiums/stadia aquarium:aquaria/aquariums auditorium:auditoria/auditoriums symposium:symposia/symposiums
curriculum:curriculums/curricula quota:quotas alumnus:alumni/alumnuses bacillus:bacilli cactus:cacti/cactuses
coccus:cocci focus:foci/focuses locus:loci/locuses nucleus:nuclei/nucleuses octopus:octupuses/octopi
radius:radii/radiuses syllabus:syllabi corpus:corpora/corpuses genus:genera alumna:alumnae vertebra:vertebrae
differentia:differentiae minutia:minutiae vita:vitae larva:larvae postcava:postcavae praecava:praecavae uva:uvae
apex:apices/apexes codex:codices/codexes index:indices/indexes latex:latices/latexes vertex:vertices/vertexes
vortex:vortices/vortexes appendix:appendices/appendixes radix:radices/radixes helix:helices/helixes =axis:axes
crisis:crises ~ellipsis:ellipses genesis:geneses oasis:oases thesis:theses testis:testes base:bases ~basis:bases
=alias:aliases vedalia:vedalias =use:uses abuse:abuses cause:causes clause:clauses cruse:cruses excuse:excuses
fuse:fuses house:houses misuse:misuses muse:muses pause:pauses ache:aches topaz:topazes buffalo:buffaloes/buffalos
potato:potatoes tomato:tomatoes equipment:equipment information:information jeans:jeans money:money news:news
rice:rice dwarf:dwarfs/dwarves hoof:hoofs/hooves thief:thieves chive:chives hive:hives move:moves movie:movies
cookie:cookies pretorium:pretoriums agenda:agendas formula:formulas/formulae shoe:shoes =toe:toes graffiti:graffiti
`;

/** How words end, the first that fits. */
const endings = `
tive:tives eaf:eaves oaf:oaves afe:aves arf:arves rfe:rves rf:rves lf:lves fe:ves ay:ays ey:eys oy:oys quy:quies
uy:uys y:ies eau:eaux bula:bulae dula:bulae lula:bulae nula:bulae vula:bulae hedron:hedra ium:ia seum:seums eum:ea
oum:oa stracum:straca dum:da elum:ela ilum:ila olum:ola ulum:ula llum:lla ylum:yla imum:ima ernum:erna gnum:gna
brum:bra crum:cra terum:tera serum:sera trum:tra antum:anta atum:ata entum:enta etum:eta itum:ita otum:ota utum:uta
ctum:cta ovum:ova trix:trices iasis:iases mesis:meses kinesis:kineses resis:reses gnosis:gnoses opsis:opses
ysis:yses ouse:ouses lause:lauses us:uses ch:ches io:ios sh:shes ss:sses ez:ezzes iz:izzes tz:tzes zz:zzes ano:anos
lo:los to:tos oo:oos o:oes x:xes
`;

interface Word {
  readonly singular: string;
  readonly plural: string;
  readonly other: string | undefined;
  readonly isWhole: boolean;
  readonly isOneWay: boolean;
}

const words = irregular
  .trim()
  .split(/\s+/)
  .map((text): Word => {
    const [, marks = '', singular = '', regular = '', other] = /^([=~]*)(\w+):(\w+)(?:\/(\w+))?$/.exec(text) ?? [];
    return { singular, plural: regular, other, isWhole: marks.includes('='), isOneWay: marks.includes('~') };
  });

const plurals: ReadonlyMap<string, string> = new Map(words.map((word) => [word.singular, word.plural]));
const known: ReadonlySet<string> = new Set(
  words.filter(({ isOneWay }) => !isOneWay).flatMap((word) => [word.plural, ...(word.other ? [word.other] : [])]),
);

/** A word that ends like a plural stays. */
const suffixes: readonly (readonly [string, string])[] = [
  ...words
    .filter(({ isWhole }) => !isWhole)
    .map((word) => [word.singular, word.plural] as const)
    .reverse(),
  ...endings
    .trim()
    .split(/\s+/)
    .map((text) => text.split(':') as [string, string]),
].flatMap(([singular, regular]) => [
  [regular, regular],
  [singular, regular],
]);

const acronyms: ReadonlySet<string> = new Set('aes bss cmos des dns ess fcs https ids ips mpls pots ssh'.split(' '));
