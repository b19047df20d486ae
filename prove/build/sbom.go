package build

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"
)

// errNothingMade is for statements about a release that was not made.
var errNothingMade = errors.New("no release was made, so there is nothing to state about it")

// A bill of materials in CycloneDX 1.5. It holds no time and no random number: the same release has the same bill.
type (
	bom struct {
		Schema       string        `json:"$schema"`
		Format       string        `json:"bomFormat"`
		SpecVersion  string        `json:"specVersion"`
		SerialNumber string        `json:"serialNumber,omitempty"`
		Version      int           `json:"version"`
		Metadata     bomMetadata   `json:"metadata"`
		Components   []component   `json:"components"`
		Dependencies []dependency  `json:"dependencies"`
		Compositions []composition `json:"compositions"`
	}
	bomMetadata struct {
		Component  component  `json:"component"`
		Properties []property `json:"properties"`
	}
	component struct {
		Type       string          `json:"type"`
		Ref        string          `json:"bom-ref"`
		Name       string          `json:"name"`
		Version    string          `json:"version"`
		Hashes     []componentHash `json:"hashes,omitempty"`
		Licences   []licenceChoice `json:"licenses,omitempty"`
		PURL       string          `json:"purl,omitempty"`
		Properties []property      `json:"properties,omitempty"`
	}
	componentHash struct {
		Alg     string `json:"alg"`
		Content Digest `json:"content"`
	}
	licenceChoice struct {
		License struct {
			ID string `json:"id"`
		} `json:"license"`
	}
	property struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	dependency struct {
		Ref       string   `json:"ref"`
		DependsOn []string `json:"dependsOn,omitempty"`
	}
	composition struct {
		Aggregate    string   `json:"aggregate"`
		Assemblies   []string `json:"assemblies,omitempty"`
		Dependencies []string `json:"dependencies,omitempty"`
	}
)

// SBOM returns the bill of materials of the rebuilt binary: the modules that are in it, with their sums in go.sum and their
// licences. Its serial number is made from its content.
func (r *Result) SBOM() ([]byte, error) {
	if !r.made() || r.Info == nil {
		return nil, errNothingMade
	}
	main := component{Type: "application", Name: r.Source.Module, Version: mainVersion(r.Info), Licences: licences(r.Licences[r.Source.Module])}
	main.PURL = "pkg:golang/" + main.Name
	main.Ref = main.PURL
	for _, a := range r.Rebuilds[0].Artefacts[:1] {
		main.Hashes = []componentHash{{"SHA-256", a.SHA256}}
	}
	b := bom{Schema: "http://cyclonedx.org/schema/bom-1.5.schema.json", Format: "CycloneDX", SpecVersion: "1.5", Version: 1,
		Metadata: bomMetadata{Component: main, Properties: []property{
			{"limpid:source:dirHash", string(r.Source.Digest)}, {"limpid:toolchain", r.Toolchain.Version}}}}
	std := component{Type: "library", Name: "std", Version: strings.TrimPrefix(r.Info.GoVersion, "go"), Licences: licences("BSD-3-Clause")}
	std.PURL = "pkg:golang/std@" + std.Version
	std.Ref = std.PURL
	b.Components = append(b.Components, std)
	direct := []string{std.Ref}
	for _, m := range r.Info.Deps {
		c := moduleComponent(m, r.Licences[m.Path])
		b.Components = append(b.Components, c)
		if slices.Contains(r.Source.Direct, m.Path+"@"+m.Version) {
			direct = append(direct, c.Ref)
		}
	}
	slices.SortFunc(b.Components, func(x, y component) int { return cmp.Compare(x.Ref, y.Ref) })
	slices.Sort(direct)
	b.Dependencies = []dependency{{main.Ref, direct}}
	b.Compositions = []composition{{Aggregate: "complete", Assemblies: []string{main.Ref}}, {Aggregate: "incomplete", Dependencies: []string{main.Ref}}}
	for _, c := range b.Components {
		b.Compositions[0].Assemblies = append(b.Compositions[0].Assemblies, c.Ref)
	}
	content, err := json.Marshal(b)
	if err != nil {
		return nil, err
	}
	b.SerialNumber = serial(content)
	return indent(b)
}

func moduleComponent(m *debug.Module, spdx string) component {
	if m.Replace != nil {
		m = m.Replace
	}
	c := component{Type: "library", Name: m.Path, Version: m.Version, Licences: licences(spdx)}
	c.PURL = "pkg:golang/" + strings.ReplaceAll(url.PathEscape(m.Path), "%2F", "/") + "@" + url.PathEscape(m.Version)
	c.Ref = c.PURL
	if m.Sum != "" { // over the module's files, so it is no hash of a file in the sense of CycloneDX
		c.Properties = []property{{"limpid:go.sum", m.Sum}}
	}
	return c
}

func licences(spdx string) []licenceChoice {
	if spdx == "" || spdx == "NOASSERTION" {
		return nil
	}
	var l licenceChoice
	l.License.ID = spdx
	return []licenceChoice{l}
}

func mainVersion(info *debug.BuildInfo) string {
	if info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}

// serial makes a UUID of version 8 (RFC 9562 §5.8) from the content.
func serial(content []byte) string {
	h := sha256.Sum256(content)
	h[6] = h[6]&0x0f | 0x80
	h[8] = h[8]&0x3f | 0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", h[0:4], h[4:6], h[6:8], h[8:10], h[10:16])
}

func indent(v any) ([]byte, error) {
	b, err := json.MarshalIndent(v, "", "  ")
	return append(b, '\n'), err
}
