/** What the store holds that no document of `cases/` shows. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readCveJson } from './document.ts'
import type { CveDocument, VexProduct } from './report.ts'
import { CveStore } from './store.ts'

const digest = `sha256:${'a'.repeat(64)}`

const report = readCveJson('report', {
  SchemaVersion: 2,
  ArtifactName: 'web',
  Metadata: { ImageID: digest },
  Results: [{ Target: 't', Vulnerabilities: [{ VulnerabilityID: 'CVE-2026-0001', PkgName: 'x' }] }],
})

const stating = (product: VexProduct): CveDocument => ({
  ...readCveJson('vex', {}),
  statements: [
    {
      status: 'not_affected',
      justification: undefined,
      statement: undefined,
      source: 'vex',
      timeMs: undefined,
      vulnerabilities: ['CVE-2026-0001'],
      products: [product],
    },
  ],
})

test('a statement about nothing takes nothing away, nor one about another image', () => {
  const check = (product: VexProduct, removed: number): void => {
    const store = new CveStore()
    store.put('report', report)
    store.put('vex', stating(product))
    assert.equal(store.image([digest])?.removed.length, removed, JSON.stringify(product))
  }
  check({ digests: [digest], purls: [] }, 1)
  check({ digests: [], purls: [] }, 0)
  check({ digests: [`sha256:${'b'.repeat(64)}`], purls: [] }, 0)
  check({ digests: [digest], purls: ['pkg:deb/debian/y'] }, 0)
})
