package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	extensionsinstall "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/install"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	crdopenapi "k8s.io/apiextensions-apiserver/pkg/controller/openapi/builder"
	extensionsopenapi "k8s.io/apiextensions-apiserver/pkg/generated/openapi"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/cel/openapi/resolver"
	openapinamer "k8s.io/apiserver/pkg/endpoints/openapi"
	"k8s.io/client-go/kubernetes/scheme"
	aggregator "k8s.io/kube-aggregator/pkg/apiserver/scheme"
	"k8s.io/kube-openapi/pkg/builder3"
	"k8s.io/kube-openapi/pkg/common"
	"k8s.io/kube-openapi/pkg/validation/spec"
	builtin "k8s.io/kubernetes/pkg/generated/openapi"
)

// kindFound is a kind as discovery lists it.
type kindFound struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Plural     string `json:"plural"`
	Namespaced bool   `json:"namespaced"`
}

// cluster answers what kro asks an API server about kinds: schemas as they are published, scopes.
type cluster struct {
	outer   *cluster
	kinds   map[schema.GroupVersionKind]kindFound
	crds    map[schema.GroupVersionKind]*apiextensionsv1.CustomResourceDefinition
	schemas map[schema.GroupVersionKind]*spec.Schema
}

var base = newCluster(nil)

func newCluster(outer *cluster) *cluster {
	return &cluster{
		outer:   outer,
		kinds:   map[schema.GroupVersionKind]kindFound{},
		crds:    map[schema.GroupVersionKind]*apiextensionsv1.CustomResourceDefinition{},
		schemas: map[schema.GroupVersionKind]*spec.Schema{},
	}
}

func (c *cluster) addKinds(kinds []kindFound) {
	for _, kind := range kinds {
		c.kinds[schema.FromAPIVersionAndKind(kind.APIVersion, kind.Kind)] = kind
	}
}

func (c *cluster) addCRDs(raw []json.RawMessage) error {
	for _, text := range raw {
		crd := &apiextensionsv1.CustomResourceDefinition{}
		if err := json.Unmarshal(text, crd); err != nil {
			return err
		}
		c.addCRD(crd)
	}
	return nil
}

// addCRD serves a definition as the API server does once it has accepted the names.
func (c *cluster) addCRD(crd *apiextensionsv1.CustomResourceDefinition) {
	names := &crd.Spec.Names
	if names.Plural == "" {
		names.Plural = strings.ToLower(names.Kind) + "s"
	}
	if names.ListKind == "" {
		names.ListKind = names.Kind + "List"
	}
	crd.Status.AcceptedNames = *names
	for _, version := range crd.Spec.Versions {
		if !version.Served {
			continue
		}
		gvk := schema.GroupVersionKind{Group: crd.Spec.Group, Version: version.Name, Kind: names.Kind}
		c.kinds[gvk] = kindFound{gvk.GroupVersion().String(), gvk.Kind, names.Plural, crd.Spec.Scope != apiextensionsv1.ClusterScoped}
		c.crds[gvk] = crd
		delete(c.schemas, gvk)
	}
}

var known = sync.OnceValue(func() resolver.SchemaResolver {
	return resolver.NewDefinitionsSchemaResolver(extensionsopenapi.GetOpenAPIDefinitions, scheme.Scheme)
})

// ResolveSchema does what kro's combined resolver does with an API server.
func (c *cluster) ResolveSchema(gvk schema.GroupVersionKind) (*spec.Schema, error) {
	if found, err := known().ResolveSchema(gvk); err == nil {
		return found, nil
	}
	for at := c; at != nil; at = at.outer {
		if found, ok := at.schemas[gvk]; ok {
			return found, nil
		}
		if _, ok := at.kinds[gvk]; !ok {
			continue
		}
		published, err := at.published(gvk)
		if err != nil {
			return nil, err
		}
		at.schemas[gvk] = published
		return published, nil
	}
	if !c.serves(gvk.GroupVersion()) {
		return nil, fmt.Errorf("cannot resolve group version %q: %w", gvk.GroupVersion(), resolver.ErrSchemaNotFound)
	}
	return nil, fmt.Errorf("cannot resolve group version kind %q: %w", gvk, resolver.ErrSchemaNotFound)
}

func (c *cluster) serves(version schema.GroupVersion) bool {
	for at := c; at != nil; at = at.outer {
		for gvk := range at.kinds {
			if gvk.GroupVersion() == version {
				return true
			}
		}
	}
	return false
}

// published is a kind's schema in /openapi/v3, read back as client-go reads it.
func (c *cluster) published(gvk schema.GroupVersionKind) (*spec.Schema, error) {
	schemas, err := builtinSchemas(gvk)
	if crd, ok := c.crds[gvk]; ok {
		document, e := crdopenapi.BuildOpenAPIV3(crd, gvk.Version, crdopenapi.Options{})
		if e != nil {
			return nil, e
		}
		schemas, err = document.Components.Schemas, nil
	}
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(schemas)
	if err != nil {
		return nil, err
	}
	components := map[string]*spec.Schema{}
	if err := json.Unmarshal(text, &components); err != nil {
		return nil, err
	}
	const prefix = "#/components/schemas/"
	for name, component := range components {
		var kinds []schema.GroupVersionKind
		if err := component.Extensions.GetObject("x-kubernetes-group-version-kind", &kinds); err != nil {
			return nil, err
		}
		if slices.Contains(kinds, gvk) {
			return resolver.PopulateRefs(func(ref string) (*spec.Schema, bool) {
				found, ok := components[strings.TrimPrefix(ref, prefix)]
				return found, ok
			}, prefix+name)
		}
	}
	return nil, fmt.Errorf("cannot resolve group version kind %q: %w", gvk, resolver.ErrSchemaNotFound)
}

type publisher struct {
	config *common.OpenAPIV3Config
	names  map[schema.GroupVersionKind]string
}

var extensions = func() *runtime.Scheme {
	known := runtime.NewScheme()
	extensionsinstall.Install(known)
	return known
}()

// publish is configured as in kube-apiserver.
var publish = sync.OnceValue(func() publisher {
	namer := openapinamer.NewDefinitionNamer(scheme.Scheme, extensions, aggregator.Scheme)
	config := &common.OpenAPIV3Config{GetDefinitionName: namer.GetDefinitionName, GetDefinitions: builtin.GetOpenAPIDefinitions}
	config.Definitions = builtin.GetOpenAPIDefinitions(func(name string) spec.Ref {
		shown, _ := namer.GetDefinitionName(name)
		return spec.MustCreateRef("#/components/schemas/" + common.EscapeJsonPointer(shown))
	})
	p := publisher{config, map[schema.GroupVersionKind]string{}}
	for name := range p.config.Definitions {
		_, described := namer.GetDefinitionName(name)
		var kinds []schema.GroupVersionKind
		if described.GetObject("x-kubernetes-group-version-kind", &kinds) != nil {
			continue
		}
		for _, gvk := range kinds {
			p.names[gvk] = name
		}
	}
	return p
})

func builtinSchemas(gvk schema.GroupVersionKind) (map[string]*spec.Schema, error) {
	p := publish()
	name, ok := p.names[gvk]
	if !ok {
		return nil, fmt.Errorf("cannot resolve group version kind %q: %w", gvk, resolver.ErrSchemaNotFound)
	}
	return builder3.BuildOpenAPIDefinitionsForResources(p.config, name)
}

// restMapper has the kinds of the cluster with their scopes; what is served closer hides what is behind it.
func (c *cluster) restMapper() meta.RESTMapper {
	mapper := meta.NewDefaultRESTMapper(nil)
	known := map[schema.GroupVersionKind]bool{}
	for at := c; at != nil; at = at.outer {
		for gvk, kind := range at.kinds {
			if known[gvk] {
				continue
			}
			known[gvk] = true
			scope := meta.RESTScopeRoot
			if kind.Namespaced {
				scope = meta.RESTScopeNamespace
			}
			plural := gvk.GroupVersion().WithResource(kind.Plural)
			mapper.AddSpecific(gvk, plural, gvk.GroupVersion().WithResource(strings.ToLower(gvk.Kind)), scope)
		}
	}
	return mapper
}

func internal(crd *apiextensionsv1.CustomResourceDefinition) (*apiextensions.CustomResourceDefinition, error) {
	given := crd.DeepCopy()
	extensions.Default(given)
	converted := &apiextensions.CustomResourceDefinition{}
	err := extensions.Convert(given, converted, nil)
	return converted, err
}
