// Package gateway is the controller of the GatewayClass of the local control plane. No traffic flows through it: it
// writes the status that a conformant controller would write, for Gateways of classes that name it and for the routes
// attached to them, and leaves all others alone, so that a real controller can run beside it.
//
// It is no kwok stage because a stage sees one object only: whether a route is ours depends on its parent's class.
package gateway

import (
	"context"
	"log/slog"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// ControllerName is what a GatewayClass names to be served here.
const ControllerName gatewayv1.GatewayController = "kubewright.dev/local-gateway"

var (
	classes    = gatewayv1.SchemeGroupVersion.WithResource("gatewayclasses")
	gateways   = gatewayv1.SchemeGroupVersion.WithResource("gateways")
	services   = corev1.SchemeGroupVersion.WithResource("services")
	namespaces = corev1.SchemeGroupVersion.WithResource("namespaces")

	// The route types, by the listener protocols that carry them.
	routeTypes = []routeType{
		{"httproutes", "HTTPRoute", []gatewayv1.ProtocolType{"HTTP", "HTTPS"}},
		{"grpcroutes", "GRPCRoute", []gatewayv1.ProtocolType{"HTTP", "HTTPS"}},
		{"tlsroutes", "TLSRoute", []gatewayv1.ProtocolType{"TLS"}},
		{"tcproutes", "TCPRoute", []gatewayv1.ProtocolType{"TCP", "TLS"}},
		{"udproutes", "UDPRoute", []gatewayv1.ProtocolType{"UDP"}},
	}
)

type routeType struct {
	resource  string
	kind      string
	protocols []gatewayv1.ProtocolType
}

func (t routeType) gvr() schema.GroupVersionResource {
	return gatewayv1.SchemeGroupVersion.WithResource(t.resource)
}

type controller struct {
	client  dynamic.Interface
	listers map[schema.GroupVersionResource]cache.GenericLister
}

// Run writes statuses until the context ends. It waits for the CRDs, so it may start before them.
func Run(ctx context.Context, kubeconfig string) error {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	config.QPS, config.Burst = 100, 200
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return err
	}
	if !waitForTypes(ctx, client) {
		return nil
	}
	changed := make(chan struct{}, 1)
	c := controller{client: client, listers: watch(ctx, client, changed)}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		}
		// One look at everything per burst of changes: a local cluster has few Gateways and routes.
		time.Sleep(20 * time.Millisecond)
		if err := c.sync(ctx); err != nil {
			if !apierrors.IsConflict(err) && !apierrors.IsNotFound(err) {
				slog.Error("gateway status", "err", err)
			}
			time.Sleep(100 * time.Millisecond)
			notify(changed)
		}
	}
}

func waitForTypes(ctx context.Context, client dynamic.Interface) bool {
	resources := []schema.GroupVersionResource{classes, gateways}
	for _, t := range routeTypes {
		resources = append(resources, t.gvr())
	}
	for _, resource := range resources {
		for {
			_, err := client.Resource(resource).List(ctx, metav1.ListOptions{Limit: 1})
			if err == nil {
				break
			}
			select {
			case <-ctx.Done():
				return false
			case <-time.After(200 * time.Millisecond):
			}
		}
	}
	return true
}

func watch(ctx context.Context, client dynamic.Interface, changed chan<- struct{}) map[schema.GroupVersionResource]cache.GenericLister {
	factory := dynamicinformer.NewDynamicSharedInformerFactory(client, 10*time.Minute)
	listers := map[schema.GroupVersionResource]cache.GenericLister{}
	resources := []schema.GroupVersionResource{classes, gateways, services, namespaces}
	for _, t := range routeTypes {
		resources = append(resources, t.gvr())
	}
	for _, resource := range resources {
		informer := factory.ForResource(resource)
		listers[resource] = informer.Lister()
		_, _ = informer.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
			AddFunc:    func(any) { notify(changed) },
			UpdateFunc: func(any, any) { notify(changed) },
			DeleteFunc: func(any) { notify(changed) },
		})
	}
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	return listers
}

func notify(changed chan<- struct{}) {
	select {
	case changed <- struct{}{}:
	default: // A look is due anyway.
	}
}

func (c controller) sync(ctx context.Context) error {
	served := map[gatewayv1.ObjectName]bool{}
	for _, object := range c.list(classes) {
		class, err := convert[gatewayv1.GatewayClass](object)
		if err != nil || class.Spec.ControllerName != ControllerName {
			continue
		}
		served[gatewayv1.ObjectName(class.Name)] = true
		if err := c.write(ctx, classes, object, class.Status, classStatus(class)); err != nil {
			return err
		}
	}

	ours := map[string]*attachment{}
	for _, object := range c.list(gateways) {
		gateway, err := convert[gatewayv1.Gateway](object)
		if err == nil && served[gateway.Spec.GatewayClassName] {
			ours[gateway.Namespace+"/"+gateway.Name] = &attachment{object: object, gateway: gateway, routes: map[gatewayv1.SectionName]int32{}}
		}
	}
	for _, routeType := range routeTypes {
		for _, object := range c.list(routeType.gvr()) {
			if err := c.syncRoute(ctx, routeType, object, ours); err != nil {
				return err
			}
		}
	}
	for _, attached := range ours {
		if err := c.write(ctx, gateways, attached.object, attached.gateway.Status, gatewayStatus(attached)); err != nil {
			return err
		}
	}
	return nil
}

func (c controller) syncRoute(ctx context.Context, routeType routeType, object *unstructured.Unstructured, ours map[string]*attachment) error {
	r, err := convert[route](object)
	if err != nil {
		return nil // The API server has validated it; a newer field type is not ours to judge.
	}
	desired := routeStatus(r, routeType, ours, lookup{
		namespaceLabels: c.namespaceLabels,
		serviceExists:   c.serviceExists,
	})
	return c.write(ctx, routeType.gvr(), object, r.Status, desired)
}

func (c controller) namespaceLabels(name string) labels.Set {
	object, err := c.listers[namespaces].Get(name)
	if err != nil {
		return nil
	}
	return object.(*unstructured.Unstructured).GetLabels()
}

func (c controller) serviceExists(namespace, name string) bool {
	_, err := c.listers[services].ByNamespace(namespace).Get(name)
	return err == nil
}

func (c controller) list(resource schema.GroupVersionResource) []*unstructured.Unstructured {
	objects, _ := c.listers[resource].List(labels.Everything())
	list := make([]*unstructured.Unstructured, 0, len(objects))
	for _, object := range objects {
		list = append(list, object.(*unstructured.Unstructured))
	}
	return list
}

func convert[T any](object *unstructured.Unstructured) (*T, error) {
	target := new(T)
	err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, target)
	return target, err
}
