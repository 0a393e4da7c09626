/** Reads VEX: OpenVEX, and the product status of CSAF. Statements of scanners use its words. */
import { digestsIn, readPurl } from './identifiers.ts'
import { cveLimits as limits } from '../limits.ts'
import type { Json } from '../objects/reader.ts'
import type { DocumentReader } from './reader.ts'
import type { VexProduct, VexStatement, VexStatus } from './report.ts'
import { vexStatuses } from './report.ts'

/** States of an analysis in CycloneDX, and what they are called in VEX. */
const otherStatuses: Readonly<Record<string, VexStatus>> = {
  resolved: 'fixed',
  resolved_with_pedigree: 'fixed',
  exploitable: 'affected',
  in_triage: 'under_investigation',
  false_positive: 'not_affected',
}

/** Any form's word for a status. */
export const readVexStatus = (word: string | undefined): VexStatus | undefined =>
  vexStatuses.find((each) => each === word) ??
  (word !== undefined && Object.hasOwn(otherStatuses, word) ? otherStatuses[word] : undefined)

/** What some identifiers name: an image by its digest, or a package. Else nothing. */
const namedIn = (identifiers: readonly (string | undefined)[]): VexProduct => ({
  digests: digestsIn(identifiers),
  purls: identifiers.filter((each) => {
    const type = each === undefined ? undefined : readPurl(each)?.type
    return type !== undefined && type !== 'oci' && type !== 'docker'
  }) as string[],
})

// --- OpenVEX ------------------------------------------------------------------------------------

/** Identifiers of a product or subcomponent; the first version of the form had plain texts. */
const identifiersOf = (reader: DocumentReader, item: unknown): readonly (string | undefined)[] => {
  if (typeof item === 'string') return [item.slice(0, limits.pathCharsMax)]
  const json = item as Json
  const identifiers = reader.object(json, 'identifiers') ?? {}
  const hashes = reader.object(json, 'hashes') ?? {}
  const sha256 = reader.text(hashes, 'sha-256')
  return [
    reader.text(json, '@id', limits.pathCharsMax),
    reader.text(identifiers, 'purl', limits.pathCharsMax),
    sha256 === undefined ? undefined : `sha256:${sha256}`,
  ]
}

/** Objects, or texts that stand for them. */
const mixed = (reader: DocumentReader, from: Json, key: string): readonly unknown[] => {
  const value = from[key]
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) {
    reader.tell('must be a list', key)
    return []
  }
  if (value.length > limits.productsMax) reader.tell('has more items than are read', key)
  return (value.slice(0, limits.productsMax) as unknown[]).filter((item, at) => {
    const isSound = typeof item === 'string' || (typeof item === 'object' && item !== null)
    if (!isSound) reader.tell('must be an object', key, at)
    return isSound
  })
}

const readProducts = (reader: DocumentReader, statement: Json): readonly VexProduct[] =>
  mixed(reader, statement, 'products').flatMap((item, at): readonly VexProduct[] =>
    reader.within('products', () =>
      reader.within(at, () => {
        const own = namedIn(identifiersOf(reader, item))
        const parts = typeof item === 'string' ? [] : mixed(reader, item as Json, 'subcomponents')
        const purls = parts.flatMap((part) => namedIn(identifiersOf(reader, part)).purls)
        if (own.digests.length === 0 && own.purls.length === 0) {
          reader.tell('names no image by its digest and no package by its URL')
          return []
        }
        if (parts.length > 0 && purls.length === 0) {
          reader.tell('has subcomponents of which none is a package URL')
          return []
        }
        // A package in a package: the inner one is what has the vulnerability.
        if (own.digests.length > 0) return [{ digests: own.digests, purls }]
        return [{ digests: [], purls: purls.length > 0 ? purls : own.purls }]
      }),
    ),
  )

const readVulnerabilityNames = (reader: DocumentReader, statement: Json): readonly string[] => {
  const value = statement['vulnerability']
  if (typeof value === 'string') return [value.slice(0, limits.idCharsMax)]
  const vulnerability = reader.object(statement, 'vulnerability')
  if (vulnerability === undefined) return []
  const name = reader.text(vulnerability, 'name', limits.idCharsMax)
  const id = reader.text(vulnerability, '@id', limits.pathCharsMax)
  const aliases = reader.texts(vulnerability, 'aliases', limits.identitiesMax, limits.idCharsMax)
  return [name ?? id?.split('/').at(-1), ...aliases].filter((each) => each !== undefined)
}

/** Reads a document of OpenVEX. */
export const readOpenVex = (reader: DocumentReader, json: Json): readonly VexStatement[] => {
  const author = reader.text(json, 'author')
  const documentMs = reader.timeMs(json, 'last_updated') ?? reader.timeMs(json, 'timestamp')
  return reader.each(json, 'statements', limits.statementsMax, (item) => {
    const word = reader.must(item, 'status')
    const status = readVexStatus(word)
    if (status === undefined) {
      if (word !== undefined) reader.tell('is no status of VEX', 'status')
      return undefined
    }
    const vulnerabilities = readVulnerabilityNames(reader, item)
    if (vulnerabilities.length === 0) {
      reader.tell('names no vulnerability')
      return undefined
    }
    const products = readProducts(reader, item)
    if (products.length === 0) reader.tell('has no product that can be joined: it is not used')
    const justification = reader.text(item, 'justification')
    const statement =
      reader.text(item, 'impact_statement', limits.sentenceCharsMax) ??
      reader.text(item, 'status_notes', limits.sentenceCharsMax)
    if (status === 'not_affected' && justification === undefined && statement === undefined) {
      reader.tell('says not_affected without a justification')
    }
    return {
      status,
      justification,
      statement,
      source: author === undefined ? reader.document : `${reader.document} (${author})`,
      timeMs: reader.timeMs(item, 'last_updated') ?? reader.timeMs(item, 'timestamp') ?? documentMs,
      vulnerabilities,
      products,
    }
  })
}

// --- CSAF ---------------------------------------------------------------------------------------

/** Products of a document by their ids: an image, a package, or a package in an image. */
type Products = Map<string, VexProduct>

const addProduct = (
  reader: DocumentReader,
  products: Products,
  product: Json | undefined,
): void => {
  if (product === undefined) return
  const id = reader.must(product, 'product_id', limits.nameCharsMax)
  if (id === undefined) return
  const helper = reader.object(product, 'product_identification_helper') ?? {}
  const more = helper['purls'] === undefined ? [] : reader.texts(helper, 'purls')
  const hashes = reader
    .each(helper, 'hashes', limits.identitiesMax, (each) =>
      reader.each(each, 'file_hashes', limits.identitiesMax, (hash) =>
        hash['algorithm'] === 'sha256' ? `sha256:${reader.text(hash, 'value') ?? ''}` : undefined,
      ),
    )
    .flat()
  products.set(id, namedIn([reader.text(helper, 'purl', limits.pathCharsMax), ...more, ...hashes]))
}

const readBranches = (
  reader: DocumentReader,
  products: Products,
  from: Json,
  depth: number,
): void => {
  if (depth > limits.productDepthMax) {
    reader.tell(`is deeper than ${limits.productDepthMax} branches`)
    return
  }
  reader.each(from, 'branches', limits.productsMax, (branch) => {
    addProduct(reader, products, reader.object(branch, 'product'))
    readBranches(reader, products, branch, depth + 1)
    return undefined
  })
}

/** A product that is made of two others: a package (what) as a component of an image (where). */
const readRelationships = (reader: DocumentReader, products: Products, tree: Json): void => {
  reader.each(tree, 'relationships', limits.productsMax, (item) => {
    const whole = reader.object(item, 'full_product_name')
    const id = whole && reader.must(whole, 'product_id', limits.nameCharsMax)
    const what = products.get(reader.text(item, 'product_reference', limits.nameCharsMax) ?? '')
    const where = products.get(
      reader.text(item, 'relates_to_product_reference', limits.nameCharsMax) ?? '',
    )
    if (id === undefined || what === undefined || where === undefined) return undefined
    if (what.digests.length > 0) products.set(id, what)
    else if (where.digests.length > 0) products.set(id, { ...where, purls: what.purls })
    // In something that is no image: the package wherever it is would be too much.
    else products.set(id, { digests: [], purls: [] })
    return undefined
  })
}

const csafStatuses: readonly (readonly [key: string, status: VexStatus])[] = [
  ['known_not_affected', 'not_affected'],
  ['fixed', 'fixed'],
  ['first_fixed', 'fixed'],
  ['under_investigation', 'under_investigation'],
  ['known_affected', 'affected'],
  ['first_affected', 'affected'],
  ['last_affected', 'affected'],
]

const labelsOf = (reader: DocumentReader, vulnerability: Json): ReadonlyMap<string, string> => {
  const labels = new Map<string, string>()
  reader.each(vulnerability, 'flags', limits.statementsMax, (flag) => {
    const label = reader.text(flag, 'label')
    for (const id of reader.texts(flag, 'product_ids', limits.productsMax)) {
      if (label !== undefined) labels.set(id, label)
    }
    return undefined
  })
  return labels
}

const impactsOf = (reader: DocumentReader, vulnerability: Json): ReadonlyMap<string, string> => {
  const impacts = new Map<string, string>()
  reader.each(vulnerability, 'threats', limits.statementsMax, (threat) => {
    if (threat['category'] !== 'impact') return undefined
    const details = reader.text(threat, 'details', limits.sentenceCharsMax)
    for (const id of reader.texts(threat, 'product_ids', limits.productsMax)) {
      if (details !== undefined) impacts.set(id, details)
    }
    return undefined
  })
  return impacts
}

/** Reads a document of CSAF 2. */
export const readCsaf = (reader: DocumentReader, json: Json): readonly VexStatement[] => {
  const document = reader.object(json, 'document') ?? {}
  const tracking = reader.object(document, 'tracking') ?? {}
  const publisher = reader.text(reader.object(document, 'publisher') ?? {}, 'name')
  const source = publisher === undefined ? reader.document : `${reader.document} (${publisher})`
  const timeMs = reader.timeMs(tracking, 'current_release_date')
  const tree = reader.object(json, 'product_tree') ?? {}
  const products: Products = new Map()
  reader.within('product_tree', () => {
    readBranches(reader, products, tree, 1)
    reader.each(tree, 'full_product_names', limits.productsMax, (item) => {
      addProduct(reader, products, item)
      return undefined
    })
    readRelationships(reader, products, tree)
  })
  const all = reader.each(json, 'vulnerabilities', limits.statementsMax, (item) => {
    const ids = reader.each(item, 'ids', limits.identitiesMax, (id) => reader.text(id, 'text'))
    const vulnerabilities = [reader.text(item, 'cve', limits.idCharsMax), ...ids].filter(
      (each) => each !== undefined,
    )
    if (vulnerabilities.length === 0) {
      reader.tell('names no vulnerability')
      return undefined
    }
    const labels = labelsOf(reader, item)
    const impacts = impactsOf(reader, item)
    const stated = reader.object(item, 'product_status') ?? {}
    return csafStatuses.flatMap(([key, status]) =>
      reader.texts(stated, key, limits.productsMax).flatMap((id): readonly VexStatement[] => {
        const product = products.get(id)
        if (!product || product.digests.length + product.purls.length === 0) {
          reader.tell(`${id.slice(0, 64)} is no product that can be joined`, 'product_status', key)
          return []
        }
        const justification = labels.get(id)
        const statement = impacts.get(id)
        return [
          {
            status,
            justification,
            statement,
            source,
            timeMs,
            vulnerabilities,
            products: [product],
          },
        ]
      }),
    )
  })
  return all.flat()
}
