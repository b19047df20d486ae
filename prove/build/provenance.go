package build

import (
	"cmp"
	"slices"
	"strings"
)

// A provenance statement: in-toto Statement v1 with the SLSA v1 predicate. It is not signed, and it holds no time: whoever
// rebuilds the release gets the same bytes, and can sign them.
type (
	statement struct {
		Type          string       `json:"_type"`
		Subject       []descriptor `json:"subject"`
		PredicateType string       `json:"predicateType"`
		Predicate     predicate    `json:"predicate"`
	}
	descriptor struct {
		Name   string            `json:"name,omitempty"`
		URI    string            `json:"uri,omitempty"`
		Digest map[string]Digest `json:"digest"`
	}
	predicate struct {
		Definition definition `json:"buildDefinition"`
		Run        runDetails `json:"runDetails"`
	}
	definition struct {
		BuildType    string            `json:"buildType"`
		External     external          `json:"externalParameters"`
		Internal     map[string]string `json:"internalParameters"`
		Dependencies []descriptor      `json:"resolvedDependencies"`
	}
	external struct {
		Source  string   `json:"source"`
		Command []string `json:"command"`
	}
	runDetails struct {
		Builder struct {
			ID string `json:"id"`
		} `json:"builder"`
	}
)

// Provenance returns the provenance statement of the rebuilt release: what it was made from, how, and with what. The
// digests of source, toolchain and modules are directory hashes (dirHash): those of go.sum, in hexadecimal.
func (r *Result) Provenance(recipe Recipe) ([]byte, error) {
	if !r.made() || r.Info == nil {
		return nil, errNothingMade
	}
	s := statement{Type: "https://in-toto.io/Statement/v1", PredicateType: "https://slsa.dev/provenance/v1"}
	for _, a := range r.Rebuilds[0].Artefacts {
		s.Subject = append(s.Subject, descriptor{Name: a.Name, Digest: map[string]Digest{"sha256": a.SHA256}})
	}
	home := "https://" + r.Source.Module
	s.Predicate.Run.Builder.ID = home + "/prove/build"
	d := &s.Predicate.Definition
	d.BuildType = home + "/prove/build/v1"
	d.External = external{Source: "pkg:golang/" + r.Source.Module, Command: recipe.Command}
	d.Internal = map[string]string{"toolchain": r.Info.GoVersion, "CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly"}
	for _, set := range r.Info.Settings {
		d.Internal[set.Key] = set.Value
	}
	d.Dependencies = []descriptor{
		{URI: "pkg:golang/" + r.Source.Module, Digest: map[string]Digest{"dirHash": r.Source.Digest}},
		{URI: "pkg:golang/golang.org/toolchain@" + moduleVersion(r.Toolchain.Version, r.Toolchain.Platform),
			Digest: map[string]Digest{"dirHash": cmp.Or(fromH1(r.vouched()), r.Toolchain.Digest)}},
	}
	modules := make([]descriptor, 0, len(r.Info.Deps))
	for _, m := range r.Info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		c := descriptor{URI: moduleComponent(m, "").PURL, Digest: map[string]Digest{}}
		if sum := fromH1(m.Sum); sum != "" {
			c.Digest["dirHash"] = sum
		}
		modules = append(modules, c)
	}
	slices.SortFunc(modules, func(a, b descriptor) int { return strings.Compare(a.URI, b.URI) })
	d.Dependencies = append(d.Dependencies, modules...)
	return indent(s)
}

// vouched is the public sum of the toolchain, if these are its files.
func (r *Result) vouched() string {
	if r.Toolchain.Genuine() {
		return r.Toolchain.Module
	}
	return ""
}
