package build

import (
	"bytes"
	"encoding/json"
	"regexp"
	"testing"
)

// checkStatements checks the bill of materials and the provenance of the good release, and that a second proof of it
// writes the same bytes.
func checkStatements(t *testing.T, r *release, result *Result) {
	t.Helper()
	sbom, err := result.SBOM()
	if err != nil {
		t.Fatal(err)
	}
	provenance, err := result.Provenance(r.recipe)
	if err != nil {
		t.Fatal(err)
	}
	checkSBOM(t, sbom, result)
	checkProvenance(t, provenance, result)
	again := r.prove("")
	sbom2, err := again.SBOM()
	if err != nil || !bytes.Equal(sbom, sbom2) {
		t.Errorf("the second bill of materials differs (%v):\n%s\n%s", err, sbom, sbom2)
	}
	provenance2, err := again.Provenance(r.recipe)
	if err != nil || !bytes.Equal(provenance, provenance2) {
		t.Errorf("the second provenance differs (%v):\n%s\n%s", err, provenance, provenance2)
	}
}

// checkSBOM holds it against the structure that CycloneDX 1.5 asks for: nothing else at the top, unique references, every
// reference resolved, hashes of the right length, licences by identifier.
func checkSBOM(t *testing.T, text []byte, result *Result) {
	t.Helper()
	var b bom
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&b); err != nil {
		t.Fatal(err)
	}
	if b.Format != "CycloneDX" || b.SpecVersion != "1.5" || b.Version != 1 ||
		!regexp.MustCompile(`^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(b.SerialNumber) {
		t.Errorf("head: %.300s", text)
	}
	if bytes.Contains(text, []byte("timestamp")) {
		t.Error("the bill holds a time")
	}
	main := b.Metadata.Component
	if main.Type != "application" || main.Name != "example.com/core" || len(main.Hashes) != 1 || main.Hashes[0].Alg != "SHA-256" ||
		main.Hashes[0].Content != result.Rebuilds[0].Artefacts[0].SHA256 || main.Licences[0].License.ID != "Apache-2.0" {
		t.Errorf("main component %+v", main)
	}
	refs := map[string]bool{main.Ref: true}
	licences := make(map[string]string)
	for _, c := range b.Components {
		if refs[c.Ref] || c.Type != "library" || c.Version == "" || c.PURL == "" || len(c.Licences) != 1 {
			t.Errorf("component %+v", c)
			continue
		}
		refs[c.Ref] = true
		licences[c.Ref] = c.Licences[0].License.ID
	}
	if len(licences) != 2 || licences["pkg:golang/example.com/dep@v1.0.0"] != "MIT" ||
		licences["pkg:golang/std@"+result.Info.GoVersion[2:]] != "BSD-3-Clause" {
		t.Errorf("components and licences %v", licences)
	}
	for _, dep := range b.Dependencies {
		for _, ref := range append(dep.DependsOn, dep.Ref) {
			if !refs[ref] {
				t.Errorf("dependency on %s, which is no component", ref)
			}
		}
	}
	if len(b.Dependencies) != 1 || len(b.Dependencies[0].DependsOn) != 2 {
		t.Errorf("dependencies %v", b.Dependencies)
	}
}

// checkProvenance holds it against in-toto Statement v1 and the SLSA v1 predicate.
func checkProvenance(t *testing.T, text []byte, result *Result) {
	t.Helper()
	var s statement
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil {
		t.Fatal(err)
	}
	if s.Type != "https://in-toto.io/Statement/v1" || s.PredicateType != "https://slsa.dev/provenance/v1" {
		t.Errorf("types %q, %q", s.Type, s.PredicateType)
	}
	if len(s.Subject) != 1 || s.Subject[0].Name != "bin/core" || s.Subject[0].Digest["sha256"] != result.Rebuilds[0].Artefacts[0].SHA256 {
		t.Errorf("subject %+v", s.Subject)
	}
	def := s.Predicate.Definition
	if def.BuildType == "" || s.Predicate.Run.Builder.ID == "" || len(def.External.Command) != 2 || def.Internal["toolchain"] != result.Info.GoVersion {
		t.Errorf("definition %+v", def)
	}
	hexSum := regexp.MustCompile(`^[0-9a-f]{64}$`)
	uris := make(map[string]bool)
	for _, dep := range def.Dependencies {
		uris[dep.URI] = true
		if !hexSum.MatchString(string(dep.Digest["dirHash"])) {
			t.Errorf("%s has digest %v", dep.URI, dep.Digest)
		}
	}
	if len(uris) != 3 || !uris["pkg:golang/example.com/dep@v1.0.0"] || !uris["pkg:golang/example.com/core"] {
		t.Errorf("dependencies %v", uris)
	}
}

func TestNothingIsStatedAboutWhatWasNotMade(t *testing.T) {
	r := &Result{}
	if b, err := r.SBOM(); err == nil {
		t.Errorf("bill %s", b)
	}
	if b, err := r.Provenance(Release()); err == nil {
		t.Errorf("provenance %s", b)
	}
}
